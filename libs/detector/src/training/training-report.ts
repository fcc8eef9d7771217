import type { AlarmVerdict } from '../calibration/alarm-verdict.ts';
import type { RateInterval } from '../calibration/alpha.ts';
import type { CandidateReport } from '../selection/candidate-report.ts';
import type { TrainingCompute } from './choose-training.ts';
import type { HeldOutScoring } from './held-out-scorer.ts';
import type { MovedFeature } from './moved-features.ts';
import type { MemberReport } from './train-flow.ts';
import type { WarmStartReport } from './warm-start.ts';

/** Negative log-likelihood of the test rows under the model, in nats and original units. */
export interface HeldOutReport {
  readonly rows: number;
  /** Mean of −log p over the rows with a density. */
  readonly nllNats: number;
  readonly standardError: number;
  /** Median of the same, which a few absurd rows do not move. */
  readonly medianNllNats: number;
  /** Rows with zero density, left out of the mean. */
  readonly undefinedRows: number;
}

/** Report on the rows behind the p-values. */
export interface CalibrationReport {
  /** Number of rows calibrated on. */
  readonly rows: number;
  /**
   * Outliers left out: rows of unlabelled data beyond those that the tail of the others explains,
   * and rows far apart from all training rows.
   */
  readonly trimmedRows: number;
  readonly trimmedShare: number;
  /** Rows with zero density, left out as well. */
  readonly undefinedRows: number;
  readonly undefinedShare: number;
  /**
   * Rows per independent row, among the rarest: above 1 if surprising rows are clustered in time.
   */
  readonly designEffect: number;
  /** True if a fitted tail takes p-values below 1/(rows + 1). */
  readonly hasTail: boolean;
  /** Number of combinations of missing features with a calibration of their own. */
  readonly ownPatterns: number;
  /** Number of levels of contexts with a calibration of their own, within their pattern. */
  readonly ownContexts: number;
}

/** Expected and measured alarms on the test rows. */
export interface AlarmReport {
  readonly alpha: number;
  /** Share of calibration rows left out (trimmed or out of domain): their like always alarm. */
  readonly alwaysRate: number;
  /**
   * Expected share of alarms: alpha of the rows like those calibrated on, and every row like those
   * left out.
   */
  readonly expectedRate: number;
  /**
   * Range of the expected rate, with 90 % probability, over calibration sets of this size. Null if
   * no rate can be promised for this alpha.
   */
  readonly interval: RateInterval | null;
  readonly testRows: number;
  readonly alarms: number;
  /** alarms/testRows; null without test rows. */
  readonly measuredRate: number | null;
  /** Agreement of the measured alarms with the expected rate. */
  readonly verdict: AlarmVerdict;
}

/** Report on a training run. */
export interface TrainingReport {
  readonly seconds: number;
  /** Code that trained the flows, and the reason for it. */
  readonly compute: TrainingCompute;
  /** Null if no warm start was asked for. */
  readonly warmStart: WarmStartReport | null;
  /** Candidates of `model.family: auto`, the best first; empty if the family was named. */
  readonly candidates: readonly CandidateReport[];
  /** Backend that scored the held-out rows, and the reason for it. */
  readonly scoring: HeldOutScoring;
  readonly parameterCount: number;
  readonly members: readonly MemberReport[];
  readonly heldOut: HeldOutReport | null;
  readonly calibration: CalibrationReport;
  readonly alarms: AlarmReport;
  /**
   * Features whose distribution on the test rows differs from that on the training rows, in
   * descending order of distance.
   */
  readonly moved: readonly MovedFeature[];
  /** Warnings for people, one sentence each. */
  readonly warnings: readonly string[];
}
