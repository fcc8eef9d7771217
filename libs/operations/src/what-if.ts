import { type Detector, type Scores, surpriseBits } from '@flowline/detector';
import { at, type Contribution, isAnomalous, quoteText } from '@flowline/events';
import type { FeatureTable } from '@flowline/features';

import type { EventNames } from './event-names.ts';
import { createFeatureReader, type FeatureValues, unknownFeature } from './feature-values.ts';
import { type GivenEvent, readEvent, valuesOf } from './read-event.ts';

/** Score of a row, as the same event has it on its own. */
export interface WhatIfScore {
  readonly logDensityNats: number;
  readonly pValue: number;
  readonly surpriseBits: number;
  readonly anomaly: boolean;
  /** Surprise of each feature given the others, and a line about it; only if asked for. */
  readonly summary?: string;
  readonly contributions?: readonly Contribution[];
}

/** The event as it was given. */
export interface WhatIfBase extends WhatIfScore {
  readonly observed: Readonly<Record<string, number | string | null>>;
}

/** The event with a change, or the reason why that could not be scored. */
export type WhatIfRow =
  | (WhatIfScore & {
      /** Position of the change, from 1. */
      readonly row: number;
      /** Less the score of the event as it was given. */
      readonly difference: { readonly logDensityNats: number; readonly surpriseBits: number };
    })
  | { readonly row: number; readonly error: { readonly reason: string; readonly message: string } };

/** Options of {@link whatIf}. */
export interface WhatIfOptions {
  readonly names: EventNames;
  /** Features with other values, one event per change. */
  readonly changes: readonly FeatureValues[];
  readonly contributions: boolean;
  /** Rejects with its reason between two explanations. */
  readonly signal?: AbortSignal;
}

/**
 * Scores an event as it is, and with the values of some features replaced. Features that other ones
 * are computed from are not computed again: a change is of what the model sees.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID if the event itself could not be scored.
 */
export async function whatIf(
  detector: Detector,
  event: GivenEvent,
  { names, changes, contributions, signal }: WhatIfOptions,
): Promise<{ readonly base: WhatIfBase; readonly results: readonly WhatIfRow[] }> {
  const { schema } = detector.bundle;
  const observed = valuesOf(detector, readEvent(detector, event, names));
  const read = createFeatureReader(schema)([observed, ...changes.map((change) => ({ ...observed, ...change }))]);
  const faults = new Map(read.faults.map(({ index, reason, message }) => [index, { reason, message }]));
  const rows = new Map(Array.from(read.accepted, (index, row) => [index, row]));
  const scores = await detector.score(read.table);
  const explained = await contributionsOf(detector, contributions ? read.table : null, scores, signal);
  const scoreOf = (row: number): WhatIfScore => ({ ...scoreAt(detector, scores, row), ...explained[row] });
  const base = scoreOf(0);
  const results = changes.map((change, i): WhatIfRow => {
    const row = i + 1;
    const unknown = unknownFeature(schema, Object.keys(change));
    if (unknown !== null) {
      return { row, error: { reason: 'unknown_feature', message: `There is no feature ${quoteText(unknown, 80)}.` } };
    }
    const error = faults.get(row);
    if (error !== undefined) return { row, error };
    const score = scoreOf(rows.get(row) ?? NaN);
    return { row, ...score, difference: differenceOf(score, base) };
  });
  return { base: { ...base, observed }, results };
}

function scoreAt({ alpha }: Detector, scores: Scores, row: number): WhatIfScore {
  const pValue = at(scores.pValues, row);
  return {
    logDensityNats: at(scores.logDensityNats, row),
    pValue,
    surpriseBits: surpriseBits(pValue),
    anomaly: isAnomalous(pValue, alpha),
  };
}

const differenceOf = (score: WhatIfScore, base: WhatIfScore) => ({
  logDensityNats: score.logDensityNats - base.logDensityNats,
  surpriseBits: score.surpriseBits - base.surpriseBits,
});

/** Contributions of every row, one row at a time; none without a table. */
async function contributionsOf(
  detector: Detector,
  table: FeatureTable | null,
  scores: Scores,
  signal: AbortSignal | undefined,
): Promise<readonly Pick<WhatIfScore, 'summary' | 'contributions'>[]> {
  const found = [];
  for (let row = 0; table !== null && row < table.size; row++) {
    signal?.throwIfAborted();
    const [explanation] = await detector.explainFully(table, [row], scores);
    if (explanation !== undefined) {
      found.push({ summary: explanation.summary, contributions: explanation.contributions });
    }
  }
  return found;
}
