/** Record whose id an earlier event of its partition had: it is not scored. */
export interface DuplicateEvent {
  readonly offset: number;
  readonly eventId: string;
  /** Milliseconds since the epoch. */
  readonly eventTimeMs: number;
  /** Time of the record, in milliseconds since the epoch. */
  readonly recordTimeMs: number;
  /** Offset of the event that had the id first. */
  readonly firstOffset: number;
  readonly firstRecordTimeMs: number;
}

/** Ids of events in the order in which these were accepted. Entry i has the number `first` + i. */
export interface IdEntries {
  /** Number of the first entry, counted from the partition's first one. */
  readonly first: number;
  /** Two halves of a 64-bit hash per entry. */
  readonly hashes: Int32Array;
  readonly offsets: Float64Array;
  /** Time of the record; {@link FORGOTTEN_MS} for an id that does not count. */
  readonly timesMs: Float64Array;
}

/** Time of an entry whose record became a dead letter: no window reaches back to it. */
export const FORGOTTEN_MS = -1e15;

/** Last stored piece of a partition's ids: the run that wrote it, and the number after its end. */
export interface IdsPosition {
  /** Random name of the run; null if no piece is stored. */
  readonly run: number | null;
  readonly end: number;
}

/**
 * Event ids of a batch, as they were decided in the light of all ids that its partition had stored.
 */
export interface BatchIds {
  /** Repeats, in offset order. */
  readonly duplicates: readonly DuplicateEvent[];
  /** Ids that the batch adds. */
  readonly added: IdEntries;
  /** Random name of the run that decided. */
  readonly run: number;
  /** Stored state on which the decisions rest. */
  readonly follows: IdsPosition;
  /** Fence on which they rest. */
  readonly decidedFrom: number;
  /** Number of the first entry that is remembered after the batch, and before it. */
  readonly keepFrom: number;
  readonly keptBefore: number;
  /** True if an id was forgotten before its window was over, because there were too many. */
  readonly limited: boolean;
  /** Number of the first entry of small pieces to merge with this one; null to merge none. */
  readonly mergeFrom: number | null;
}

/** Ids of a partition that are stored. */
export interface StoredIds {
  /** Fence at which they were read. */
  readonly nextOffset: number;
  readonly position: IdsPosition;
  /** Number of the first entry that is remembered. */
  readonly keepFrom: number;
  /** Entries from there on, in pieces as they were stored. */
  readonly pieces: readonly IdEntries[];
  /** Offsets below the fence, from the one asked for, of repeats. */
  readonly duplicates: readonly number[];
}
