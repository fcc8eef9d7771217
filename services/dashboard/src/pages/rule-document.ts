import type { Item } from '../client/call.ts';

type Anomaly = Pick<Item<'GET /v1/anomalies'>, 'detector' | 'entity' | 'topFeature' | 'contributions' | 'surpriseBits'>;

const LONGEST_NAME = 63;

/**
 * Rule that keeps anomalies like one out of alerts, as a file: of its detector, its entity and its
 * most surprising feature, on the same side of what is expected and no more surprising.
 */
export function ruleOf({ detector, entity, topFeature, contributions, surpriseBits }: Anomaly): string {
  const direction = contributions.find(({ feature }) => feature === topFeature)?.direction;
  const side = topFeature === null ? null : sideOf(topFeature, direction);
  // Rounded up, so that the anomaly itself is within it.
  const bits = Math.ceil(10 * surpriseBits - 1e-9) / 10;
  const name = nameOf(['expected', topFeature ?? detector, side === null ? '' : (direction ?? ''), entity ?? '']);
  return document('Rule', name, [
    `when: ${quoted([...(side === null ? [] : [side]), `bits <= ${bits.toFixed(1)}`].join(' && '))}`,
    `detectors: [${JSON.stringify(detector)}]`,
    ...(entity === null ? [] : [`entities: [${JSON.stringify(entity)}]`]),
    ...(topFeature === null ? [] : [`features: [${JSON.stringify(topFeature)}]`]),
    'then:',
    '  suppress: true',
  ]);
}

/** Rule to begin with. */
export const newRule = (): string =>
  document('Rule', 'new-rule', ["when: 'bits <= 14.0'", 'then:', '  downgrade: info']);

/** Calendar to begin with: the night of a day that a person can change. */
export const newCalendar = (timezone: string, today: string): string =>
  document('Calendar', 'new-calendar', [
    `timezone: ${JSON.stringify(timezone)}`,
    'events:',
    `  - { start: ${today}T22:00, duration: 8h, rrule: FREQ=DAILY }`,
    'alerts: false',
  ]);

function document(kind: string, name: string, spec: readonly string[]): string {
  const lines = ['apiVersion: flowline/v1', `kind: ${kind}`, 'metadata:', `  name: ${name}`, 'spec:'];
  return [...lines, ...spec.map((line) => `  ${line}`), ''].join('\n');
}

/** Condition that a value is on a side of its expected median; null if the side is unknown. */
function sideOf(feature: string, direction: string | undefined): string | null {
  if (direction !== 'high' && direction !== 'low') return null;
  const name = JSON.stringify(feature);
  return `x[${name}] ${direction === 'high' ? '>=' : '<='} e[${name}].median`;
}

/** Text of one line as YAML, which is read as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function nameOf(parts: readonly string[]): string {
  const slug = parts
    .join(' ')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return slug.slice(0, LONGEST_NAME).replace(/^-+|-+$/g, '');
}
