import { createHash } from 'node:crypto';

import type { RuleSpec } from '@flowline/config';

/** Answer of a person to an anomaly or an alert, as far as proposals depend on it. */
export interface Answer {
  readonly detector: string;
  readonly verdict: string;
  readonly entity: string | null;
  /** The most surprising feature; null if it was not explained. */
  readonly feature: string | null;
  readonly direction: string | null;
  readonly surpriseBits: number;
}

/** Rule that answers propose. */
export interface ProposedRule {
  readonly name: string;
  readonly spec: RuleSpec;
  /** Number of `expected` answers that it is made from. */
  readonly answers: number;
}

/** Number of `expected` answers of one shape that propose a rule. */
const LEAST_ANSWERS = 3;

/**
 * Proposes rules that suppress what people called expected: at least three times the same feature
 * of a detector in the same direction, of one entity or of three. A rule reaches no further than
 * the most surprising of them, and is not proposed if it would hide anything that was confirmed.
 */
export function proposeRules(answers: readonly Answer[]): ProposedRule[] {
  const shapes = new Map<string, ShapedAnswer[]>();
  for (const answer of answers) {
    const { detector, feature, direction } = answer;
    if (feature === null) continue;
    const shape = JSON.stringify([detector, feature, direction]);
    shapes.set(shape, [...(shapes.get(shape) ?? []), { ...answer, feature }]);
  }
  return [...shapes].flatMap(([shape, alike]) => proposalOf(shape, alike) ?? []).sort(byName);
}

type ShapedAnswer = Answer & { readonly feature: string };

const byName = (a: ProposedRule, b: ProposedRule): number => (a.name < b.name ? -1 : 1);

function proposalOf(shape: string, alike: readonly ShapedAnswer[]): ProposedRule | null {
  const expected = alike.filter(({ verdict }) => verdict === 'expected');
  const entities = scopeOf(expected);
  if (entities === null) return null;
  const isInScope = ({ entity }: Answer): boolean =>
    entities.length === 0 || (entity !== null && entities.includes(entity));
  const within = expected.filter(isInScope);
  const [first] = within;
  if (first === undefined) return null;
  const bits = Math.ceil(10 * Math.max(...within.map(({ surpriseBits }) => surpriseBits))) / 10;
  const wouldHide = ({ verdict, surpriseBits }: Answer): boolean => verdict === 'confirmed' && surpriseBits <= bits;
  if (alike.filter(isInScope).some(wouldHide)) return null;
  const { detector, feature, direction } = first;
  const hash = createHash('sha256').update(shape).digest('hex').slice(0, 6);
  return {
    name: ['expected', slug(feature), ...(direction === null ? [] : [slug(direction)]), hash].join('-'),
    spec: {
      when: [...directionOf(feature, direction), `bits <= ${bits.toFixed(1)}`].join(' && '),
      detectors: [detector],
      ...(entities.length === 0 ? {} : { entities }),
      features: [feature],
      then: { suppress: true },
    },
    answers: within.length,
  };
}

/** Entities that a rule is limited to, none for all of them; null if the answers are too few. */
function scopeOf(expected: readonly Answer[]): readonly string[] | null {
  const counts = new Map<string | null, number>();
  for (const { entity } of expected) counts.set(entity, (counts.get(entity) ?? 0) + 1);
  if (counts.size >= LEAST_ANSWERS) return [];
  const often = [...counts].filter(([, count]) => count >= LEAST_ANSWERS).map(([entity]) => entity);
  if (often.length === 0) return null;
  // Events without an entity can only be named together with all others.
  return often.includes(null) ? [] : often.filter((entity) => entity !== null).sort();
}

/** Condition that a value is on the side of its expected median that the answers were on. */
function directionOf(feature: string, direction: string | null): string[] {
  if (direction !== 'high' && direction !== 'low') return [];
  const name = JSON.stringify(feature);
  return [`x[${name}] ${direction === 'high' ? '>=' : '<='} e[${name}].median`];
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 30);
