import type { Layout } from '../layout.ts';

const FLOAT_BYTES = 4;
/** A vector of parameters ends at a cache line. */
const LINE_FLOATS = 16;

/** Settings of a step, in the order in which they lie in memory, as floats. */
export const settings = ['scale', 'firstRate', 'secondCorrection', 'shrink', 'averagingShare'] as const;

/** Addresses in the memory that all threads of a training share. */
export interface TrainingMemory {
  /** Bytes of one vector in the order of the parameters. */
  readonly vectorBytes: number;
  /**
   * Weights, their moving average and Adam's moments; then 1 where weight decay applies, and 1
   * where there is a parameter of the flow.
   */
  readonly values: number;
  readonly averaged: number;
  readonly first: number;
  readonly second: number;
  readonly decay: number;
  readonly trained: number;
  /** Gradients per shard, one vector after another. */
  readonly shards: number;
  /** Settings of the step, and the sums of squares per block of the gradient. */
  readonly settings: number;
  readonly squares: number;
  /** Batches that wait: x [rows × d], then the context [rows × c] at its offset. */
  readonly batches: number;
  readonly batchBytes: number;
  readonly contextOffset: number;
  /** Most rows of a batch, in whole panels. */
  readonly rows: number;
  /** Per row of a batch: log p, and its weight. */
  readonly logProb: number;
  readonly weights: number;
  /** Panels of each thread. */
  readonly tiles: number;
  readonly tileBytes: number;
  readonly size: number;
}

/** Sizes that determine the memory. */
export interface MemorySizes {
  readonly parameters: number;
  readonly shards: number;
  readonly blocks: number;
  /** Most rows of a batch, in whole panels. */
  readonly rows: number;
  readonly features: number;
  readonly context: number;
  /** Batches that may wait. */
  readonly batches: number;
  readonly threads: number;
  readonly tileBytes: number;
}

/** Places everything after what the layout holds. */
export const placeTraining = (layout: Layout, sizes: MemorySizes): TrainingMemory => {
  const vectorBytes = Math.ceil(sizes.parameters / LINE_FLOATS) * LINE_FLOATS * FLOAT_BYTES;
  const contextOffset = sizes.rows * sizes.features * FLOAT_BYTES;
  const batchBytes = contextOffset + sizes.rows * sizes.context * FLOAT_BYTES;
  const vector = (): number => layout.allocate(vectorBytes);
  const memory = {
    vectorBytes,
    values: vector(),
    averaged: vector(),
    first: vector(),
    second: vector(),
    decay: vector(),
    trained: vector(),
    shards: layout.allocate(sizes.shards * vectorBytes),
    settings: layout.allocate(settings.length * FLOAT_BYTES),
    squares: layout.allocate(sizes.blocks * FLOAT_BYTES),
    batches: layout.allocate(sizes.batches * batchBytes),
    batchBytes,
    contextOffset,
    rows: sizes.rows,
    logProb: layout.allocate(sizes.rows * FLOAT_BYTES),
    weights: layout.allocate(sizes.rows * FLOAT_BYTES),
    tiles: layout.allocate(sizes.threads * sizes.tileBytes),
    tileBytes: sizes.tileBytes,
  };
  return { ...memory, size: layout.size };
};
