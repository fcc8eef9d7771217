import type { Alert } from './alert.ts';
import type { DeadLetter, KeptRecord } from './dead-letter.ts';
import type { AnomalyReason, PValueMethod } from './decision.ts';

/** An anomaly within a {@link ScoredBatch}: the row it is about, and the alert that tells of it. */
export interface Anomaly {
  /** Row of the batch. */
  readonly row: number;
  readonly reason: AnomalyReason;
  readonly alert: Alert;
}

/** The windows of a partition as they stood before an offset: what a transaction stores of them. */
export interface StoredWindows {
  /** Of which windows it is. */
  readonly id: string;
  /** The offset of the first event that they have not seen. */
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

/** What the windows of a batch's entities leave to be stored with it. */
export interface BatchEntities {
  /** The fields that name an entity. */
  readonly key: readonly string[];
  /** The entity of each row. */
  readonly names: readonly string[];
  /** Those of the events since the last snapshot, where one is stored: they are in use. */
  readonly seen: readonly string[];
  /** The windows after the batch, every so often; null where they are not due. */
  readonly windows: StoredWindows | null;
}

/** The events of one batch of one partition, decoded. Columns are parallel arrays of `size` rows; matrices are row-major. */
export interface EventBatch {
  readonly detector: string;
  readonly detectorVersion: number;
  readonly topic: string;
  /** Which topic of that name, as Kafka tells them apart; null where the source has no topics of Kafka's. */
  readonly topicId: string | null;
  readonly partition: number;
  /** Everything below had been stored when the batch was read. */
  readonly fromOffset: number;
  /** The offset to read next once this batch is stored: the last record's offset + 1. */
  readonly nextOffset: number;
  /** The time of the last record, milliseconds since the epoch; null for a batch without records. */
  readonly lastRecordTimeMs: number | null;
  readonly size: number;
  readonly offsets: Float64Array;
  readonly eventIds: readonly string[];
  /** Milliseconds since the epoch. */
  readonly eventTimesMs: Float64Array;
  /** Numeric features in original units, [size × numericWidth]; NaN is a missing value. */
  readonly numeric: Float64Array;
  readonly numericWidth: number;
  /** Categorical and boolean features, [size × levelWidth]; null is a missing value. */
  readonly levels: readonly (string | null)[];
  readonly levelWidth: number;
  /** null for a detector whose events stand alone. */
  readonly entities: BatchEntities | null;
  readonly deadLetters: readonly DeadLetter[];
  /** The record of an offset as it came: what is kept of one whose event Postgres refuses. */
  readonly recordAt: (offset: number) => KeptRecord;
}

/** What events are by the definition in force, where the model that scores them has other features. */
export interface ValuesInForce extends Pick<
  EventBatch,
  'detectorVersion' | 'numeric' | 'numericWidth' | 'levels' | 'levelWidth'
> {
  /** The row of these values for each event of the batch; −1 for one that they have no row of. */
  readonly rows: Int32Array;
}

/** The outcome of one batch of one partition: what a single transaction stores. */
export interface ScoredBatch extends EventBatch {
  /** Stored in place of the model's own values: history for the next model, of a detector that learns from its events. */
  readonly valuesInForce: ValuesInForce | null;
  readonly modelVersion: number;
  /** What decided: an event is an anomaly where its p-value is at most this. */
  readonly alpha: number;
  /** log p(event) in nats; −Infinity for an event outside its domain. */
  readonly logDensityNats: Float64Array;
  readonly pValues: Float64Array;
  readonly pMethods: readonly PValueMethod[];
  readonly anomalies: readonly Anomaly[];
}

/** What a commit did. Rows below the fence were stored by somebody before and are only counted. */
export interface CommitReport {
  readonly stored: number;
  readonly alreadyStored: number;
  readonly anomalies: number;
  readonly deadLetters: number;
  /** Of the dead letters, those that Postgres refused as events. */
  readonly refused: number;
}
