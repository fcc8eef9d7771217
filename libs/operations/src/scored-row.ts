import type { Explanation } from '@flowline/events';

/** Fields that identify an event; null if it has none. */
export interface RowNames {
  /** Row number from 1, without the header. */
  readonly row: number;
  /** Time, id and entity in their original spelling. */
  readonly time: string | null;
  readonly id: string | null;
  readonly entity: string | null;
}

/** Explanation of a scored event; empty if none was requested. */
export interface EventExplanation {
  /** One-line summary, and the observed values. */
  readonly summary?: string;
  readonly observed?: Readonly<Record<string, number | string | null>>;
  /** The whole explanation; only if every event is explained. */
  readonly explanation?: Explanation;
}

/** Record with its score or its fault. */
export type ScoredRow = RowNames &
  (
    | ({
        readonly logDensityNats: number;
        readonly pValue: number;
        readonly surpriseBits: number;
        readonly anomaly: boolean;
      } & EventExplanation)
    | { readonly error: { readonly reason: string; readonly message: string } }
  );
