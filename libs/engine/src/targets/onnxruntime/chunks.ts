import { networksOf } from '../../plan/plan.ts';
import type { Plan } from '../../plan/plan.ts';

/**
 * Rows of a block. Runtimes compute the values of a tensor by vectors of up to sixteen, and the
 * last ones of a tensor, which fill no vector, by other instructions: with whole blocks there are
 * none, so a row has the same bits at any place.
 */
export const BLOCK_ROWS = 16;

/** Operations of a run of some five milliseconds, and of the least that is worth a thread. */
const MOST_OPERATIONS = 400e6;
const LEAST_OPERATIONS = 20e6;
const MOST_ROWS = 4096;

/** Rows per run of a plan: at least and at most, in whole blocks. */
export interface ChunkBounds {
  readonly least: number;
  readonly most: number;
}

/** Bounds by the operations that a plan takes per row. */
export const chunkBounds = (plan: Plan): ChunkBounds => {
  const operations = operationsPerRow(plan);
  const most = inBlocks(Math.min(MOST_ROWS, MOST_OPERATIONS / operations));
  return { least: Math.min(most, inBlocks(LEAST_OPERATIONS / operations)), most };
};

/**
 * Rows per run of a call with n rows on some threads: runs of equal size, as many as the threads
 * can share evenly.
 */
export const chunkRows = (n: number, threads: number, { least, most }: ChunkBounds): number => {
  const rounds = Math.ceil(n / (threads * most));
  return Math.max(least, inBlocks(n / (threads * rounds)));
};

/** Number of rows, rounded up to whole blocks, at least one. */
export const inBlocks = (rows: number): number => Math.max(1, Math.ceil(rows / BLOCK_ROWS)) * BLOCK_ROWS;

/** Operations of the matrix products of a row. A multiply-add counts as two. */
const operationsPerRow = (plan: Plan): number => {
  const dense = networksOf(plan).flatMap(({ layers }) => layers.filter((layer) => layer.type === 'dense'));
  const linear = plan.steps.filter((step) => step.type === 'linear');
  const weights = [...dense, ...linear].reduce((sum, { weights: of }) => sum + of.length, plan.features);
  return 2 * weights;
};
