import type { EntitySpec, FeatureSpec, LookupTable } from '@flowline/events';
import type { FeatureEncoding } from '@flowline/features';
import type { CalibrationSet } from './calibration-set.ts';
import type { TrainingData } from './recipe.ts';

/** The version of the bundle's format that this release reads and writes. */
export const BUNDLE_VERSION = 1;

/** Rows and time of one part of the history, for people; times in milliseconds since the epoch, null where they are not known. */
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

/** What a model says of its own making. */
export interface BundleMetadata {
  /** The detector's name. */
  readonly detector: string;
  readonly family: string;
  readonly members: number;
  readonly seed: number;
  readonly data: TrainingData;
  /** The p-value at or below which an event was an anomaly when it was trained; absent in older models. */
  readonly alpha?: number;
  /** The tensor backend that trained and calibrated it. */
  readonly backend: string;
  readonly history: HistoryParts<HistoryPart>;
  /** Training noise σ by dimension in encoded units: the flow is the exact density of x + σ·ε. */
  readonly noise: Readonly<Record<string, number>>;
  /** Mean −log p of the test rows in nats and original units, with its standard error; null without test rows. */
  readonly heldOut: { readonly nllNats: number; readonly standardError: number } | null;
  /** Calibration rows that were left out: outliers, and rows without a density. */
  readonly calibration: { readonly trimmedRows: number; readonly undefinedRows: number };
  /** Version of each package that made it. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** An immutable model version: everything that a stored score depends on but the threshold. Plain data; it holds no tensors. */
export interface ModelBundle {
  readonly metadata: BundleMetadata;
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Whose past the windows of the schema look at; null where events stand alone. */
  readonly entity: EntitySpec | null;
  readonly encoding: FeatureEncoding;
  /** Each member as `saveFlow` wrote it. */
  readonly flows: readonly Uint8Array[];
  readonly calibration: CalibrationSet;
}
