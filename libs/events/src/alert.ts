import type { AnomalyReason, PValueMethod } from './decision.ts';

/** How surprising one feature was, given all the others. */
export interface Contribution {
  readonly feature: string;
  /** −log2(2·min(F, 1 − F)) of the conditional CDF F for numeric features, −log2 P for discrete ones; not additive. */
  readonly bits: number;
  readonly direction: 'high' | 'low' | 'unlikely';
}

/** What a feature would be expected to be, given all the others. */
export interface ExpectedRange {
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
}

/** Why an event was surprising. */
export interface Explanation {
  /** Most surprising first. */
  readonly contributions: readonly Contribution[];
  readonly expected: Readonly<Record<string, ExpectedRange>>;
  /** The closest typical event, or null where there is none. */
  readonly nearestNormal: Readonly<Record<string, number | string | null>> | null;
  /** One line a person reads: "delay 540, expected −12–48 given the rest (18.9 bits; the event 21.6)". */
  readonly summary: string;
}

/** An alert, as published (the data of a CloudEvent) and as stored with its anomaly. */
export interface Alert {
  /** UUIDv5 of detector, topic and its id, partition, offset, transition and sequence: a repeat carries the same id. */
  readonly alertId: string;
  readonly state: 'opened';
  readonly detector: string;
  readonly reason: AnomalyReason;
  readonly score: {
    readonly pValue: number;
    readonly pMethod: PValueMethod;
    /** What decided: the event is an anomaly because pValue is at most this. */
    readonly alpha: number;
    /** −log2 of the p-value. */
    readonly surpriseBits: number;
    /** null where the density is zero (an event outside its domain). */
    readonly logDensityNats: number | null;
  };
  readonly observed: Readonly<Record<string, number | string | null>>;
  readonly expected: Explanation['expected'];
  readonly contributions: Explanation['contributions'];
  readonly nearestNormal: Explanation['nearestNormal'];
  readonly summary: string;
  readonly model: { readonly version: number; readonly family: string; readonly trainedRows: number };
  readonly event: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly id: string;
    /** ISO 8601. */
    readonly time: string;
    /** The value of the detector's key, a JSON list where it has several fields; null where events stand alone. */
    readonly entity: string | null;
  };
}
