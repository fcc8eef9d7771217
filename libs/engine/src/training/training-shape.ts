import type { TrainingTask } from '@flowline/flows';

import type { TrainingEmitOptions } from '../targets/wasm/training/emit-training.ts';
import { PANEL_ROWS } from '../targets/wasm/layout.ts';
import type { StepSettings, TrainingWorkerData } from '../targets/wasm/runtime/training-protocol.ts';

/** Rows of a shard: enough that its gradient is worth a vector of its own. */
const SHARD_ROWS = 128;
const MOST_SHARDS = 8;
/** Panels that pass through the network together: weights are read once for all of them. */
const TILE_PANELS = 8;
/** Batches that wait, and the most bytes that they take. */
const MOST_SLOTS = 16;
const LEAST_SLOTS = 2;
const RING_BYTES = 16 * 1024 * 1024;
const FLOAT_BYTES = 4;

/** Sizes of a compiled training: how a batch is cut, and what waits in memory. */
export class TrainingShape {
  readonly tilePanels: number;
  readonly slots: number;
  readonly emission: Omit<TrainingEmitOptions, 'fused'>;
  readonly crew: Omit<
    TrainingWorkerData,
    'index' | 'control' | 'results' | 'memory' | 'module' | 'at' | 'parameters' | 'tileBytes' | 'keptTiles'
  >;

  constructor({ flow, options }: TrainingTask, threads: number) {
    const { batchSize, robust, noise, masking, seed } = options;
    const { features, context } = flow;
    const panels = Math.ceil(batchSize / PANEL_ROWS);
    const shards = Math.max(1, Math.min(MOST_SHARDS, Math.floor(batchSize / SHARD_ROWS)));
    const shardPanels = Math.ceil(panels / shards);
    const used = Math.min(threads, shards);
    const rowBytes = (features + context) * FLOAT_BYTES;
    this.tilePanels = Math.min(TILE_PANELS, shardPanels);
    this.slots = Math.max(LEAST_SLOTS, Math.min(MOST_SLOTS, Math.floor(RING_BYTES / (batchSize * rowBytes))));
    const tiles = Math.ceil(shards / used) * Math.ceil(shardPanels / this.tilePanels);
    const zeros = new Float32Array(features);
    const draws = {
      seed: [seed >>> 0, Math.floor(seed / 2 ** 32) ^ 0x9e3779b9] as const,
      gaussian: noise?.gaussian ?? zeros,
      uniform: noise?.uniform ?? zeros,
      maskable: masking?.features ?? [],
      probability: masking?.probability ?? 0,
    };
    this.emission = {
      rows: batchSize,
      batches: this.slots,
      threads: used,
      shards,
      tilePanels: this.tilePanels,
      tiles: robust ? tiles : 1,
      draws: noise === undefined && masking === undefined ? null : draws,
    };
    this.crew = {
      threads: used,
      settings: settingsOf(options, shards, shardPanels * PANEL_ROWS),
      slots: this.slots,
      features,
      context,
      tilePanels: this.tilePanels,
    };
  }
}

/** Settings, picked one by one: the options hold a signal, which cannot be sent to a thread. */
const settingsOf = (options: TrainingTask['options'], shards: number, shardRows: number): StepSettings => ({
  batchRows: options.batchSize,
  shards,
  shardRows,
  robust: options.robust,
  clipNorm: options.clipNorm,
  weightDecay: options.weightDecay,
  averaging: options.averaging,
  steps: options.steps,
  learningRate: options.learningRate,
  warmupSteps: options.warmupSteps,
  finalLearningRateFraction: options.finalLearningRateFraction,
});
