import type { SharedWasmMemory, WasmModule } from './web-assembly.ts';
import type { TrainingMemory } from '../training/memory.ts';

/*
 * Threads of a training. The main thread describes a job and sets its number; all threads work on
 * it, and the first of them, the leader, reports. A job is a number of steps, for which the main
 * thread puts batches into a ring while earlier ones are worked on, or log p of some rows.
 *
 * A batch is cut into shards, each with a gradient of its own. Which thread works on a shard does
 * not change its gradient, and gradients are added in the order of the shards, so any number of
 * threads gives the same weights. After each phase of a step the threads meet at a barrier.
 */

/** Word indices of the shared control block. */
export const TrainingControl = {
  job: 0,
  kind: 1,
  /** Number of the first step, number of steps; or number of rows. */
  first: 2,
  count: 3,
  /** Batches put and steps done in this job. */
  put: 4,
  done: 5,
  /** Steps after which the main thread wants a message; 0 for none. */
  wanted: 6,
  /** 1 if no further step is to begin. */
  cancelled: 7,
  /** Step that may begin, counted from 1; or STOP. */
  turn: 8,
  arrived: 9,
  barrier: 10,
  /** Steps that Adam has taken. */
  adamSteps: 11,
  /** Grows with each batch and each cancellation, and wakes the leader. */
  news: 12,
} as const;
export const TRAINING_CONTROL_WORDS = 16;

export const JobKind = { steps: 0, averagedLogProb: 1, currentLogProb: 2, end: 3 } as const;

/** Value of `turn` that ends a job. */
export const STOP = -1;

/** Numbers per step in the results: nll, gradient norm, kept rows, 1 if the step was taken. */
export const RESULT_NUMBERS = 4;

/** Settings of a training that do not change from step to step. */
export interface StepSettings {
  readonly batchRows: number;
  readonly shards: number;
  readonly shardRows: number;
  readonly robust: boolean;
  readonly clipNorm: number;
  readonly weightDecay: number;
  readonly averaging: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly finalLearningRateFraction: number;
}

/** Data that a thread starts with. */
export interface TrainingWorkerData {
  readonly index: number;
  readonly threads: number;
  readonly memory: SharedWasmMemory;
  readonly module: WasmModule;
  readonly control: Int32Array;
  readonly results: Float64Array;
  readonly at: TrainingMemory;
  readonly settings: StepSettings;
  /** Floats of a vector of parameters, batches of the ring, features and context of a row. */
  readonly parameters: number;
  readonly slots: number;
  readonly features: number;
  readonly context: number;
  /** Panels of a tile, their bytes, and tiles that a thread keeps between two passes. */
  readonly tilePanels: number;
  readonly tileBytes: number;
  readonly keptTiles: number;
}

/** Messages of the leader. */
export type TrainingMessage = 'ready' | 'progress' | 'idle';
