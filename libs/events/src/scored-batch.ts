import type { Alert } from './alert.ts';
import type { DeadLetter, KeptRecord } from './dead-letter.ts';
import type { AnomalyReason, PValueMethod } from './decision.ts';
import type { BatchDiscoveries } from './discoveries.ts';
import type { BatchIds } from './event-ids.ts';

/** Result of rules, calendars and a detector's own bounds on effects for an anomaly. */
export interface AnomalyVerdict {
  /** Names of the rules that it meets; `calendar/NAME` for a calendar. */
  readonly rules: readonly string[];
  /**
   * The rule or calendar, or the bound (`direction`, `minEffect`), that keeps it from being part of
   * an alert; null if it is part of one.
   */
  readonly suppressedBy: string | null;
  /** Severity that it does not exceed; null for no limit. */
  readonly severityAtMost: 'info' | 'warning' | 'major' | null;
  /** True if later models do not learn from the event. */
  readonly excludedFromTraining: boolean;
}

/** An anomaly within a {@link ScoredBatch}, with its alert. */
export interface Anomaly {
  /** Row within the batch. */
  readonly row: number;
  readonly reason: AnomalyReason;
  readonly alert: Alert;
  /** Absent if no rule has seen it. */
  readonly verdict?: AnomalyVerdict;
}

/** Part of the state of a partition's windows. */
export interface WindowPiece {
  /** Offset of the snapshot that it belongs to. */
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

/** State of a partition's windows at an offset, as it was stored in transactions. */
export interface StoredWindows {
  /** Fingerprint of the window definitions. A state with another fingerprint is not restored. */
  readonly id: string;
  /** Offset of the first event that the windows do not cover. */
  readonly nextOffset: number;
  /** Random name of its last snapshot, which the next one extends; null if none can. */
  readonly token: string | null;
  /** Its pieces, in the order in which they were stored: later ones replace parts of others. */
  readonly pieces: readonly WindowPiece[];
}

/** Snapshot of a partition's windows: what changed since the one before it, or everything. */
export interface WindowSnapshot extends StoredWindows {
  /** Token of the snapshot before, without which this one is not stored; null: it is the whole. */
  readonly follows: string | null;
  /** Pieces of snapshots below this offset are not needed any more. */
  readonly keepFrom: number;
  /** Limits of the windows that were reached since the snapshot before. */
  readonly limits: readonly WindowLimit[];
}

/** Limit of windows: when it is reached, part of the past is forgotten. */
export type WindowLimit = 'events_of_entity' | 'events' | 'entities' | 'names' | 'memory';

/** Entities of a batch, and the window state to store with it. */
export interface BatchEntities {
  /** The fields that name an entity. */
  readonly key: readonly string[];
  /** The entity per row. */
  readonly names: readonly string[];
  /**
   * Entities of the events since the last snapshot, given with each snapshot to mark them as in
   * use.
   */
  readonly seen: readonly string[];
  /** Snapshot of the windows after the batch, taken at intervals; null when none is due. */
  readonly windows: WindowSnapshot | null;
}

/**
 * Decoded events of one batch from one partition. Columns are parallel arrays of `size` rows;
 * matrices are row-major.
 */
export interface EventBatch {
  readonly detector: string;
  readonly detectorVersion: number;
  readonly topic: string;
  /**
   * Kafka's id of the topic, which changes when a topic is recreated under its name. Null if the
   * source is not Kafka.
   */
  readonly topicId: string | null;
  readonly partition: number;
  /** Everything below this offset had been stored when the batch was read. */
  readonly fromOffset: number;
  /** Offset to read next once this batch is stored: the last record's offset + 1. */
  readonly nextOffset: number;
  /** Time of the last record, milliseconds since the epoch. Null for a batch without records. */
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
  /** Null for a detector without a key. */
  readonly entities: BatchEntities | null;
  readonly deadLetters: readonly DeadLetter[];
  /** Its event ids and repeats; absent for a detector that scores repeats like other events. */
  readonly ids?: BatchIds;
  /** The raw record at an offset, to keep if Postgres refuses its event. */
  readonly recordAt: (offset: number) => KeptRecord;
}

/**
 * Feature values of the events by the definition in force, if the model that scores them has other
 * features.
 */
export interface ValuesInForce extends Pick<
  EventBatch,
  'detectorVersion' | 'numeric' | 'numericWidth' | 'levels' | 'levelWidth'
> {
  /** The row of these values per event of the batch; −1 if an event has none. */
  readonly rows: Int32Array;
}

/** Outcome of one batch from one partition, stored in a single transaction. */
export interface ScoredBatch extends EventBatch {
  /**
   * Values stored in place of the model's own: history for the next model of a detector that learns
   * from its events.
   */
  readonly valuesInForce: ValuesInForce | null;
  readonly modelVersion: number;
  /**
   * Threshold of the decision: an event is an anomaly if its p-value ≤ alpha. Where thresholds are
   * in `discoveries`, they decide instead.
   */
  readonly alpha: number;
  /** Thresholds of a detector that controls its false discovery rate; absent for any other. */
  readonly discoveries?: BatchDiscoveries;
  /** log p(event) in nats; −Infinity for an event outside its domain. */
  readonly logDensityNats: Float64Array;
  readonly pValues: Float64Array;
  readonly pMethods: readonly PValueMethod[];
  /**
   * Standard deviation of each numeric feature in training, in original units. It says how far a
   * value may be rounded when it is stored compactly; if absent, values are stored exactly.
   */
  readonly numericSpreads?: Float64Array;
  readonly anomalies: readonly Anomaly[];
  /** Absent where every anomaly is written out at once: all are in `anomalies`. */
  readonly backlog?: AnomalyBacklog;
}

/** Anomalies of a batch that are more than can be written out at once. */
export interface AnomalyBacklog {
  /** Rows of the anomalies that follow upon `anomalies`, ascending. */
  readonly rows: readonly number[];
  /** Packs anomalies, of `anomalies` too, in the form in which they wait to be written out. */
  readonly pack: (rows: readonly number[]) => Uint8Array;
}

/** The columns of a batch that its anomalies need to be written out. */
export type AnomalyBatch = Pick<
  ScoredBatch,
  | 'detector'
  | 'detectorVersion'
  | 'modelVersion'
  | 'topic'
  | 'partition'
  | 'size'
  | 'offsets'
  | 'eventIds'
  | 'eventTimesMs'
  | 'logDensityNats'
  | 'pValues'
  | 'pMethods'
  | 'anomalies'
>;

/** Result of a commit. Rows below the fence had already been stored and are only counted. */
export interface CommitReport {
  readonly stored: number;
  readonly alreadyStored: number;
  readonly anomalies: number;
  readonly deadLetters: number;
  /** Number of dead letters that Postgres refused as events. */
  readonly refused: number;
  /** True if the batch had a snapshot of windows that was not stored: it extends another one. */
  readonly windowsRefused?: boolean;
  /** Number of the anomalies that wait to be written out; absent if none does. */
  readonly waiting?: number;
  /** Number of repeats stored as duplicates; absent for a batch without {@link EventBatch.ids}. */
  readonly duplicates?: number;
  /** Offsets of the events that Postgres refused; absent if there are none, or no ids. */
  readonly refusedOffsets?: readonly number[];
}
