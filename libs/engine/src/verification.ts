import { Random } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import { at } from './at.ts';
import { breathe } from './breathe.ts';
import type { Scorer } from './scorer.ts';
import { errorInTolerances } from './tolerance.ts';

/** Rows to judge a backend by, and what the truth about them is. */
export interface Sample {
  readonly rows: Float32Array;
  readonly count: number;
  readonly width: number;
  readonly exact: Float64Array;
}

/** Multiply-adds that the reference may spend on the sample: some tens of milliseconds. */
const REFERENCE_BUDGET = 4e6;
const LARGEST_SAMPLE = 48;
/** A whole tile, and a rest. */
const SMALLEST_SAMPLE = 20;
/** Where the same backend has proved exact on a model of this shape before. */
const KNOWN_SAMPLE = 6;
const SINGLE_ROWS = 3;

/** How many rows a sample of these flows has: fewer where the flows are large, or are known to be scored well. */
export const sampleSize = (flows: readonly Flow[], known: boolean): number => {
  if (known) return KNOWN_SAMPLE;
  const parameters = flows.reduce((sum, flow) => sum + flow.parameterCount, 0);
  return Math.max(SMALLEST_SAMPLE, Math.min(LARGEST_SAMPLE, Math.floor(REFERENCE_BUDGET / (parameters + 1))));
};

/** Standard normal rows, some far out, with presence columns of 0 and 1, and what `truth` says of them, row by row. */
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
    await breathe();
    exact.set(await truth.score(rows.subarray(i * width, (i + 1) * width), 1), i);
  }
  return { rows, count, width, exact };
};

/** The largest difference from the truth in units of the tolerance: all rows at once, and the first few one by one. */
export const worstErrorOf = async (scorer: Scorer, { rows, count, width, exact }: Sample): Promise<number> => {
  const together = await scorer.score(rows, count);
  let worst = 0;
  for (let i = 0; i < count; i++) worst = Math.max(worst, errorInTolerances(at(together, i), at(exact, i)));
  await breathe();
  for (let i = 0; i < SINGLE_ROWS; i++) {
    const [alone] = await scorer.score(rows.subarray(i * width, (i + 1) * width), 1);
    worst = Math.max(worst, errorInTolerances(alone ?? NaN, at(exact, i)));
  }
  return worst;
};
