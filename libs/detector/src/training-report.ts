import type { AlarmVerdict } from './alarm-verdict.ts';
import type { RateInterval } from './alpha.ts';
import type { MovedFeature } from './moved-features.ts';
import type { MemberReport } from './train-flow.ts';

/** How improbable the test rows are under the model, in nats and original units. */
export interface HeldOutReport {
  readonly rows: number;
  /** Mean of −log p over the rows that have a density. */
  readonly nllNats: number;
  readonly standardError: number;
  /** The median: a few absurd rows do not move it. */
  readonly medianNllNats: number;
  /** Rows with density zero, left out of the mean. */
  readonly undefinedRows: number;
}

/** The rows behind the p-values. */
export interface CalibrationReport {
  /** Rows calibrated on. */
  readonly rows: number;
  /** Outliers that were left out: those of unlabelled data, and rows far apart from all training rows. */
  readonly trimmedRows: number;
  readonly trimmedShare: number;
  /** Rows with density zero, left out as well. */
  readonly undefinedRows: number;
  readonly undefinedShare: number;
  /** Rows per independent row, among the rarest: above 1 where surprising rows follow one another. */
  readonly designEffect: number;
  /** Whether p-values go below 1/(rows + 1), by a fitted tail. */
  readonly hasTail: boolean;
  /** Combinations of missing features with a calibration of their own. */
  readonly ownPatterns: number;
}

/** Expected and measured alarms on the test rows. */
export interface AlarmReport {
  readonly alpha: number;
  /** Expected share of alarms: alpha of the rows like those calibrated on, and every row like those trimmed or outside their domain. */
  readonly expectedRate: number;
  /** Range of the expected rate, with 90 % probability, over calibration sets of this size; null: no rate can be promised for this alpha. */
  readonly interval: RateInterval | null;
  readonly testRows: number;
  readonly alarms: number;
  /** alarms/testRows; null without test rows. */
  readonly measuredRate: number | null;
  /** Whether what was measured is what was expected. */
  readonly verdict: AlarmVerdict;
}

/** What a training did and found. */
export interface TrainingReport {
  readonly seconds: number;
  readonly backend: string;
  readonly parameterCount: number;
  readonly members: readonly MemberReport[];
  readonly heldOut: HeldOutReport | null;
  readonly calibration: CalibrationReport;
  readonly alarms: AlarmReport;
  /** Features whose values on the test rows are distributed otherwise than on the training rows, the farthest first. */
  readonly moved: readonly MovedFeature[];
  /** What a person should know, one sentence each. */
  readonly warnings: readonly string[];
}
