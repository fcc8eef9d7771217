import type { AnomalyReason, PValueMethod } from './decision.ts';

/** Surprise of one feature, given all the others. */
export interface Contribution {
  readonly feature: string;
  /**
   * −log2 of the conditional probability of a value that is at most as dense, for numeric features;
   * −log2 P for discrete ones. Not additive.
   */
  readonly bits: number;
  /** `unlikely`: a level, or a number between two ranges of expected ones. */
  readonly direction: 'high' | 'low' | 'unlikely';
}

/**
 * Conditional distribution of a feature, given all the others: its median and its 5 % and 95 %
 * quantiles.
 */
export interface ExpectedRange {
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
  /**
   * Ranges of the highest density with 90 % of the probability, ascending; absent unless there are
   * several, as of a feature with two modes.
   */
  readonly ranges?: readonly { readonly low: number; readonly high: number }[];
}

/** Reasons why an event was surprising. */
export interface Explanation {
  /** The feature first without which the event is most normal. */
  readonly contributions: readonly Contribution[];
  readonly expected: Readonly<Record<string, ExpectedRange>>;
  /** The closest typical event, or null if there is none. */
  readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
  /**
   * One line for people: "delay 540, expected −12–48 given the rest (18.9 bits; the event 21.6)".
   */
  readonly summary: string;
}

/** Stands for an explanation that cannot be had. */
export interface Unexplained {
  /** Reason, for people. */
  readonly explanationError: string;
}

/** An anomaly as it is stored and published: its score, its event and its explanation. */
export interface Alert {
  /**
   * Id of the alert that the anomaly belongs to; before it is stored, of the alert that it begins
   * if it begins one: UUIDv5 over detector, topic and its id, partition and offset.
   */
  readonly alertId: string;
  readonly detector: string;
  readonly reason: AnomalyReason;
  readonly score: {
    readonly pValue: number;
    readonly pMethod: PValueMethod;
    /** Threshold of the decision: the event is an anomaly because pValue ≤ alpha. */
    readonly alpha: number;
    /** −log2 of the p-value. */
    readonly surpriseBits: number;
    /** Null where the density is zero (an event outside its domain). */
    readonly logDensityNats: number | null;
  };
  readonly observed: Readonly<Record<string, number | string | null>>;
  readonly expected: Explanation['expected'];
  readonly contributions: Explanation['contributions'];
  readonly nearestNormal: Explanation['nearestNormal'];
  readonly summary: string;
  /**
   * `deferred`: it was stored before its explanation, which follows. `unavailable`: there is none,
   * for the reason in `explanationError`.
   */
  readonly explanation: 'complete' | 'deferred' | 'unavailable';
  /** Reason why there is no explanation; only if it is unavailable. */
  readonly explanationError?: string | undefined;
  /** Names of the rules and calendars that it meets; absent if there are none. */
  readonly rules?: readonly string[];
  /** Labels that rules have given it; absent if none has. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly model: { readonly version: number; readonly family: string; readonly trainedRows: number };
  readonly event: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly id: string;
    /** ISO 8601. */
    readonly time: string;
    /**
     * Value of the detector's key, a JSON list if it has several fields. Null for a detector
     * without a key.
     */
    readonly entity: string | null;
  };
}
