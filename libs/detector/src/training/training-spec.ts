import type { EntitySpec, FeatureSpec, LookupTable, ScoringBackend } from '@flowline/events';

import type { HistoryParts } from '../bundle/bundle.ts';
import type { MinimumRows } from '../minimum-rows.ts';
import type { TrainingData } from './recipe.ts';

/** Fully resolved training parameters of a detector. */
export interface DetectorTrainingSpec {
  readonly name: string;
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Entity whose past the windows of the schema read (default null). */
  readonly entity?: EntitySpec | null;
  /** `auto` is Real NVP, the only family so far. */
  readonly family: 'realNVP' | 'auto';
  readonly seed: number;
  /** Number of flows in the ensemble. */
  readonly members: number;
  readonly data: TrainingData;
  /** p-value at or below which an event is an anomaly. It affects only the report. */
  readonly alpha: number;
  /**
   * Time limit for all members together, after which each keeps its best weights. Default: no
   * limit.
   */
  readonly maxMinutes?: number;
  /** Maximum number of steps per member; null or absent: the recipe's. */
  readonly steps?: number | null;
  /** Fewest rows that it takes (default: those from which alarms can be promised). */
  readonly minimumRows?: MinimumRows;
  /**
   * Tensor backend of the training (default `tfjs-wasm`). It also scores held-out rows if compiled
   * code cannot.
   */
  readonly backend?: ScoringBackend;
  /** Time range of each part of the history, for the model's metadata. */
  readonly times?: HistoryParts<{ readonly fromMs: number; readonly toMs: number }>;
}

/** Progress of a training run. */
export interface TrainingProgress {
  readonly phase: 'features' | 'train' | 'calibrate' | 'test';
  /** Share of the phase that is done, 0 to 1. Of `train`, see `member` and `step`. */
  readonly share: number;
  /** Current member, from 1. */
  readonly member: number;
  readonly members: number;
  readonly step: number;
  readonly steps: number;
  readonly trainNll: number | null;
  readonly validationNll: number | null;
}

/** Progress callback and abort signal of a training run. */
export interface TrainDetectorOptions {
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
}

/** Reports the phase that a training run enters, and what changed since its beginning. */
export type ReportProgress = (phase: TrainingProgress['phase'], now?: Partial<TrainingProgress>) => void;
