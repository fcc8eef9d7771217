import { DAY_MS, type FeatureSpec, formatDurationMs, printable } from '@flowline/events';

import type { LeftOutColumn, ProfiledFeature, TableProfile } from './profile-table.ts';

/** Source of the history and events of a new detector. */
export type DetectorOrigin =
  { readonly query: string; readonly note?: string | undefined } | { readonly topic: string };

/** Parts of a new detector that its table does not tell. */
export interface NewDetector {
  readonly name: string;
  readonly origin: DetectorOrigin;
  /** Fewest rows that a training takes. */
  readonly leastRows: number;
  /** Sentences about the table, which are written at its top. */
  readonly warnings: readonly string[];
}

/** Characters of a comment. */
const COMMENT = 160;
/** Column from which comments stand, where the line is shorter. */
const COMMENT_AT = 62;

/** Writes a detector for a profiled table as YAML, with the reason for each choice. */
export function writtenDetector(profile: TableProfile, { name, origin, leastRows, warnings }: NewDetector): string {
  const { features, leftOut, time } = profile;
  const nullable = features.filter(({ spec }) => spec.nullable && spec.from === spec.name).map(({ spec }) => spec.name);
  return [
    ...headOf(profile, leastRows, warnings),
    'apiVersion: flowline/v1',
    'kind: Detector',
    `metadata: { name: ${scalar(name)} }`,
    'spec:',
    ...sourceOf(profile, name, origin),
    ...historyOf(origin),
    '  features:',
    ...features.map(featureLine),
    ...leftOutLines(leftOut),
    ...(nullable.length === 0 ? [] : [`  missing: { nullable: [${nullable.map(scalar).join(', ')}] }`]),
    ...trainingLines(),
    ...decisionLines(time !== null),
    '',
  ].join('\n');
}

function headOf(
  { where, rows, rowsRead, time }: TableProfile,
  leastRows: number,
  warnings: readonly string[],
): string[] {
  const thinned = rowsRead > rows ? ` (of ${rowsRead.toLocaleString('en')}, evenly spread)` : '';
  const span = time === null ? '' : `, ${dayOf(time.fromMs)} to ${dayOf(time.toMs)} UTC`;
  const enough = rows >= leastRows ? '' : ': too few, so far';
  return [
    comment(`Written by \`flowline init\` from ${where}: ${rows.toLocaleString('en')} rows${thinned}${span}.`),
    comment(`Correct what you know better; \`flowline validate\` checks it.`),
    comment(`A training needs at least ${leastRows.toLocaleString('en')} rows${enough}; 100,000 are good.`),
    ...warnings.map((warning) => comment(`! ${warning}`)),
  ];
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

function sourceOf({ time, eventId }: TableProfile, name: string, origin: DetectorOrigin): string[] {
  const kafka =
    'topic' in origin
      ? [line(`    kafka: { topic: ${scalar(origin.topic)} }`, 'the topic of the events')]
      : [`    # kafka: { topic: ${scalar(name)} }   # the topic of the events, once there is one`];
  const written =
    time === null
      ? [line('    time: { field: ts, unit: iso }', 'no column looks like a time: name that of the event')]
      : [line(`    time: { field: ${scalar(time.spec.field)}, unit: ${time.spec.unit} }`, 'the time of the event')];
  const id = eventId === null ? [] : [line(`    eventId: ${scalar(eventId)}`, 'no value occurs twice')];
  return ['  source:', ...kafka, ...written, ...id];
}

function historyOf(origin: DetectorOrigin): string[] {
  if ('topic' in origin) return [line('  history: { from: scored_events }', 'the events that the scorer stores')];
  const query = `    query: ${JSON.stringify(origin.query)}`;
  return ['  history:', origin.note === undefined ? query : line(query, origin.note), '    # lookback: 30d'];
}

function featureLine({ spec, note }: ProfiledFeature): string {
  const { name, type, from, period } = spec;
  const parts = [
    `name: ${scalar(name)}`,
    `type: ${type}`,
    ...(typeof from !== 'string' || from === name ? [] : [`from: ${scalar(from)}`]),
    ...(period === null ? [] : [`period: ${periodText(spec, period)}`]),
  ];
  return line(`    - { ${parts.join(', ')} }`, note);
}

/** Period as a duration, if it is one of days in milliseconds. */
const periodText = ({ from, name }: FeatureSpec, period: number): string =>
  from !== name && period % DAY_MS === 0 ? formatDurationMs(period) : String(period);

const leftOutLines = (leftOut: readonly LeftOutColumn[]): string[] =>
  leftOut.length === 0
    ? []
    : ['    # Left out:', ...leftOut.map(({ name, reason }) => `    # ${printable(`${name}: ${reason}`, COMMENT)}`)];

const trainingLines = (): string[] => [
  '  training:',
  line('    data: unlabelled', 'the history may hold anomalies; clean: it holds none'),
  "    # schedule: '15 2 * * *'   # every night; with `timezone: Europe/Paris`",
];

const decisionLines = (hasTime: boolean): string[] => [
  '  decision:',
  line('    test: outlying', 'finds the most; density: by the likelihood alone, and the fastest'),
  hasTime
    ? line('    control: { falseAlarms: 2/day }', 'the false alarms that you accept')
    : line('    control: { alpha: 1e-3 }', 'false alarms per event that you accept'),
];

const line = (text: string, note: string): string => `${text.padEnd(COMMENT_AT)} # ${printable(note, COMMENT)}`;
const comment = (text: string): string => `# ${printable(text, 400)}`;

/** A plain scalar of YAML, or one in double quotes where a plain one would mean something else. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z_][\w./-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
