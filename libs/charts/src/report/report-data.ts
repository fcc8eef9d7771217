import type { Point } from '../curves.tsx';

/** Curves of one flow: −log p in nats of the encoded features, by step. */
export interface TrainingCurves {
  readonly train: readonly Point[];
  readonly validation: readonly Point[];
  /** Step whose weights were kept. */
  readonly bestStep: number;
  /** Reason why the training ended. */
  readonly stoppedBy: string;
}

/** Distribution of a feature in the data, beside that of events drawn from the model. */
export interface FeatureDistribution {
  readonly feature: string;
  /** Edges of the bars of a number, one more than bars; null for levels. */
  readonly edges: readonly number[] | null;
  /** Names of levels; empty for a number. */
  readonly levels: readonly string[];
  /** Shares of the data, and of events drawn from the model, among those that have a value. */
  readonly data: readonly number[];
  readonly model: readonly number[];
  /** Shares without a value. */
  readonly missing: { readonly data: number; readonly model: number };
  /** Largest difference of the two CDFs; half the sum of the differences of shares for levels. */
  readonly distance: number;
}

/** Feature of an explained event. */
export interface ExplainedFeature {
  readonly feature: string;
  readonly observedText: string;
  readonly expectedText: string;
  /** Null for a level or a missing value. */
  readonly observed: number | null;
  readonly median: number | null;
  /** Empty for a level. */
  readonly ranges: readonly { readonly low: number; readonly high: number }[];
  readonly bits: number | null;
}

/** Surprising event with its explanation. */
export interface ExplainedEvent {
  readonly name: string;
  readonly summary: string;
  readonly bits: number;
  readonly pValue: number;
  /** The most surprising first. */
  readonly features: readonly ExplainedFeature[];
}

/** Quality of a ranking, of one method or one seed. */
export interface RankedMethod {
  readonly name: string;
  readonly auroc: number;
  readonly averagePrecision: number;
  readonly recallAt1Percent: number;
  readonly seconds: number;
  readonly isOurs: boolean;
}

/** Curve of a ranking. */
export interface RankingCurve {
  readonly name: string;
  readonly points: readonly Point[];
  readonly isOurs: boolean;
}

/** Detection quality on labelled rows. */
export interface EvaluationData {
  readonly methods: readonly RankedMethod[];
  readonly seeds: readonly RankedMethod[];
  /** Curves of seeds or methods, ours first: recall by false alarms, and precision by recall. */
  readonly roc: readonly RankingCurve[];
  readonly precision: readonly RankingCurve[];
  /** Share of anomalies among the rows: the precision of a random ranking. */
  readonly anomalyShare: number;
  readonly alarms: { readonly asked: number; readonly realised: number };
}

/** Alarms on rows, and the rate that was promised. */
export interface AlarmData {
  /** Kind of rows that were counted, such as `held-out rows`. */
  readonly of: string;
  readonly rows: number;
  readonly alarms: number;
  readonly expectedRate: number;
  /** Range of the expected rate; null if none can be promised. */
  readonly expected: { readonly low: number; readonly high: number } | null;
  /** Interval of 95 % of the measured rate. */
  readonly measured: { readonly low: number; readonly high: number };
  /** Sentence that says whether the promise is kept. */
  readonly verdict: string;
  readonly isKept: boolean | null;
}

/** Candidate that a model was chosen from. */
export interface CandidateData {
  readonly name: string;
  readonly parameters: number;
  /** Mean of log p − log p of the most likely one, in nats; null if it could not be trained. */
  readonly gainNats: number | null;
  readonly gainStandardError: number | null;
  readonly chosen: boolean;
  /** Reason why it was chosen, or not. */
  readonly reason: string;
}

/** Everything that a report shows. Parts that are absent say why in `missing`. */
export interface ReportData {
  readonly title: string;
  /** Sentence below the title. */
  readonly lead: string;
  /** Command that made the report, and the time. */
  readonly command: string;
  readonly madeAtMs: number;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly features: readonly { readonly name: string; readonly type: string; readonly note: string }[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  readonly training: readonly TrainingCurves[];
  /** Candidates that the model was chosen from, the most likely first; empty if it was named. */
  readonly candidates: readonly CandidateData[];
  readonly alarms: AlarmData | null;
  /** Shares of rows by p-value, in cells of equal width. */
  readonly pValues: {
    readonly of: string;
    readonly rows: number;
    readonly shares: readonly number[];
    readonly tail: readonly Point[];
  } | null;
  readonly distributions: readonly FeatureDistribution[];
  readonly events: readonly ExplainedEvent[];
  /** Labelled anomalies that look most normal; empty without labels. */
  readonly hidden: readonly ExplainedEvent[];
  readonly evaluation: EvaluationData | null;
  /** Parts that the report lacks, each with the way to get it. */
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
}
