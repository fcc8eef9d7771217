import { at, turn } from '@flowline/events';
import { Random } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import type { Scorer } from '../scorer.ts';
import { errorInTolerances } from './tolerance.ts';

/** Rows on which a backend is judged, with their exact scores. */
export interface Sample {
  readonly rows: Float32Array;
  readonly count: number;
  readonly width: number;
  readonly exact: Float64Array;
}

/** Multiply-adds that the reference may spend on the sample: a few tens of milliseconds. */
const REFERENCE_BUDGET = 4e6;
const LARGEST_SAMPLE = 48;
/** One whole tile and a remainder. */
const SMALLEST_SAMPLE = 20;
/** Sample of a backend that has proved exact on a model of this shape before. */
const KNOWN_SAMPLE = 6;
const SINGLE_ROWS = 3;

/**
 * Number of sample rows. Large flows get fewer, and so do flows whose backend has proved exact
 * before.
 */
export const sampleSize = (flows: readonly Flow[], known: boolean): number => {
  if (known) return KNOWN_SAMPLE;
  const parameters = flows.reduce((sum, flow) => sum + flow.parameterCount, 0);
  return Math.max(SMALLEST_SAMPLE, Math.min(LARGEST_SAMPLE, Math.floor(REFERENCE_BUDGET / (parameters + 1))));
};

/**
 * Sample of standard normal rows, every fifth of them 4 times as wide, with presence columns of 0
 * and 1, and their scores by `truth`, row by row.
 */
export const sampleOf = async (
  { features, context, presence }: Flow,
  count: number,
  truth: Scorer,
): Promise<Sample> => {
  const width = features + context;
  const random = new Random(1);
  const rows = Float32Array.from(
    { length: count * width },
    (_, i) => random.normal() * (Math.floor(i / width) % 5 === 4 ? 4 : 1),
  );
  for (const column of presence) {
    if (column === null) continue;
    for (let i = 0; i < count; i++) rows[i * width + features + column] = random.uniform() < 0.25 ? 0 : 1;
  }
  const exact = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    await turn();
    exact.set(await truth.score(rows.subarray(i * width, (i + 1) * width), 1), i);
  }
  return { rows, count, width, exact };
};

/**
 * Largest difference from the truth in units of the tolerance, for all rows at once and for the
 * first three one by one.
 */
export const worstErrorOf = async (scorer: Scorer, { rows, count, width, exact }: Sample): Promise<number> => {
  const together = await scorer.score(rows, count);
  let worst = 0;
  for (let i = 0; i < count; i++) worst = Math.max(worst, errorInTolerances(at(together, i), at(exact, i)));
  await turn();
  for (let i = 0; i < SINGLE_ROWS; i++) {
    const alone = await scorer.score(rows.subarray(i * width, (i + 1) * width), 1);
    worst = Math.max(worst, errorInTolerances(at(alone, 0), at(exact, i)));
  }
  return worst;
};
