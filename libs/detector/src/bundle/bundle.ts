import type { EntitySpec, EventTimeSpec, FeatureSpec, LookupTable } from '@flowline/events';
import type { FeatureEncoding } from '@flowline/features';
import type { CalibrationSet } from '../calibration/calibration-set.ts';
import type { CandidateReport } from '../selection/candidate-report.ts';
import type { Statistic } from '../statistic/statistic.ts';
import type { TrainingData } from '../training/recipe.ts';

/** Bundle format version that this release writes. Bundles of the density test are of version 2. */
export const BUNDLE_VERSION = 3;
/** Format version of a bundle without a combined statistic, which earlier releases read as well. */
export const DENSITY_VERSION = 2;
/**
 * Format versions that this release reads. Version 1 has neither calibrations by context nor mean
 * log densities of missing features; its events have the p-values that they always had. Version 3
 * has a combined statistic.
 */
export const READABLE_VERSIONS: readonly number[] = [1, 2, 3];

/**
 * Rows and time range of one part of the history, for people. Times are in milliseconds since the
 * epoch; null if unknown.
 */
export interface HistoryPart {
  readonly rows: number;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** The four parts of a history, in time order. */
export interface HistoryParts<T> {
  readonly train: T;
  readonly validation: T;
  readonly calibration: T;
  readonly test: T;
}

/** Provenance of a model: its training parameters, data and versions. */
export interface BundleMetadata {
  /** Detector name. */
  readonly detector: string;
  /** Family of the members; those of an ensemble of several joined by ` + `. */
  readonly family: string;
  /** Family of each member; absent if all are of one. */
  readonly families?: readonly string[];
  /** Base of the members that are flows, `mixture` or `studentT`; absent: the standard normal. */
  readonly base?: string;
  /** Candidates that it was chosen from, the best first; absent if the family was named. */
  readonly candidates?: readonly Omit<CandidateReport, 'seconds'>[];
  readonly members: number;
  readonly seed: number;
  readonly data: TrainingData;
  /** p-value at or below which an event was an anomaly at training time; absent in older models. */
  readonly alpha?: number;
  /**
   * Time and id field of the events, for readers without the detector's definition; absent before
   * the model was exported to a file.
   */
  readonly event?: { readonly time: EventTimeSpec; readonly eventId: string | null };
  /** Code that trained it: `engine`, or a tensor backend. */
  readonly backend: string;
  /**
   * SHA-256 of the model from whose weights one of its members was trained further; absent if all
   * began with new ones.
   */
  readonly startedFrom?: string;
  /**
   * SHA-256 of the model that was calibrated again: the weights, and the parts `train` and
   * `validation` of the history, are those of that one. Absent in a model that was trained.
   */
  readonly recalibratedFrom?: string;
  /**
   * Scores that the calibration was fitted to: `compiled`, or a tensor backend; absent in older
   * models, which were calibrated with `backend`.
   */
  readonly calibratedWith?: string;
  readonly history: HistoryParts<HistoryPart>;
  /** Training noise σ per dimension in encoded units: the flow is the exact density of x + σ·ε. */
  readonly noise: Readonly<Record<string, number>>;
  /**
   * Mean −log p of the test rows in nats and original units, with its standard error; null without
   * test rows.
   */
  readonly heldOut: { readonly nllNats: number; readonly standardError: number } | null;
  /** Calibration rows left out: outliers beyond the fitted tail, and rows without a density. */
  readonly calibration: { readonly trimmedRows: number; readonly undefinedRows: number };
  /** Versions of the packages that made the model. */
  readonly libraries: Readonly<Record<string, string>>;
}

/**
 * Immutable model version: everything that a stored score depends on, except for the threshold.
 * Plain data; it holds no tensors.
 */
export interface ModelBundle {
  readonly metadata: BundleMetadata;
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /**
   * Entity whose past the windows of the schema read; null if events are independent of each other.
   */
  readonly entity: EntitySpec | null;
  readonly encoding: FeatureEncoding;
  /** Bytes of each member's flow, from `saveFlow`. */
  readonly flows: readonly Uint8Array[];
  /** From the deciding score to its p-value. */
  readonly calibration: CalibrationSet;
  /** Statistic that decides; null if the deciding score is −log p. */
  readonly statistic: Statistic | null;
}
