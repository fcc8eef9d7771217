import type { ComputeSpec, DecisionTest, EntitySpec, FeatureSpec, LookupTable, ScoringBackend } from '@flowline/events';

import type { HistoryParts, ModelBundle } from '../bundle/bundle.ts';
import type { MinimumRows } from '../minimum-rows.ts';
import type { ModelBase } from './bases.ts';
import type { FamilyChoice } from './families.ts';
import type { TrainingData } from './recipe.ts';

/** Champion that a training may start from, or the reason why there is none. */
export type WarmStart =
  | { readonly champion: ModelBundle; readonly version: number; readonly sha256: string }
  | { readonly champion: null; readonly problem: string };

/** Fully resolved training parameters of a detector. */
export interface DetectorTrainingSpec {
  readonly name: string;
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Entity whose past the windows of the schema read (default null). */
  readonly entity?: EntitySpec | null;
  /**
   * Family of the members, or one per member; `auto` chooses it, and its structure, among
   * candidates.
   */
  readonly family: FamilyChoice;
  /** Base distribution of the members that are flows (default `normal`). `auto` chooses its own. */
  readonly base?: ModelBase;
  readonly seed: number;
  /** Number of members of the ensemble. */
  readonly members: number;
  readonly data: TrainingData;
  /** Statistic that decides (default `density`). */
  readonly test?: DecisionTest;
  /**
   * Share of the events, the least dense ones, whose remoteness the outlying test measures (default
   * 0.1): alarms lie among them. Only a ranking of all rows needs 1.
   */
  readonly remoteShare?: number;
  /** p-value at or below which an event is an anomaly. It affects only the report. */
  readonly alpha: number;
  /**
   * Time limit for all members together, after which each keeps its best weights. Default: no
   * limit.
   */
  readonly maxMinutes?: number;
  /** Maximum number of steps per member; null or absent: the recipe's. */
  readonly steps?: number | null;
  /** Fewest rows that it takes (default: by family, see {@link minimumRowsOf}). */
  readonly minimumRows?: MinimumRows;
  /** Code that trains, and its threads (default: `auto`, as many as the process may use). */
  readonly compute?: Partial<Pick<ComputeSpec, 'training' | 'threads'>>;
  /**
   * Tensor backend of the process (default `tfjs-wasm`), for training and for scores of held-out
   * rows that compiled code cannot compute.
   */
  readonly backend?: ScoringBackend;
  /** Champion to start from as well. Default: members start from new weights alone. */
  readonly warmStart?: WarmStart;
  /** Time range of each part of the history, for the model's metadata. */
  readonly times?: HistoryParts<{ readonly fromMs: number; readonly toMs: number }>;
}

/** Progress of a training run. */
export interface TrainingProgress {
  /** `select`: the candidates of `auto` are trained; `train`: the members, or the other ones. */
  readonly phase: 'features' | 'select' | 'train' | 'calibrate' | 'test';
  /** Share of the phase that is done, 0 to 1. */
  readonly share: number;
  readonly members: number;
  /** Steps done by all trainings together, and their maximum. */
  readonly step: number;
  readonly steps: number;
  /** Mean of the latest losses of the trainings that have begun; null if there is none yet. */
  readonly trainNll: number | null;
  readonly validationNll: number | null;
}

/**
 * Checkpoints of the flows of a training: those of an earlier attempt that it goes on from, and
 * those that a later one may.
 */
export interface MemberCheckpoints {
  /** Checkpoints to go on from, by member, from 0; those of each further candidate follow. */
  readonly resume: ReadonlyMap<number, Uint8Array>;
  /** Called with each checkpoint of a member, of which the last one counts. */
  readonly keep: (member: number, bytes: Uint8Array) => void;
  /** Called if a checkpoint is of another training: of other rows, say. Its member begins anew. */
  readonly onRejected: (member: number, error: unknown) => void;
}

/** Progress callback, abort signal and checkpoints of a training run. */
export interface TrainDetectorOptions {
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
  readonly checkpoints?: MemberCheckpoints;
}

/** Reports the phase that a training run enters, and what changed since its beginning. */
export type ReportProgress = (phase: TrainingProgress['phase'], now?: Partial<TrainingProgress>) => void;
