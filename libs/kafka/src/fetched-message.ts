import type { RecordHeaders, Undecodable } from '@flowline/stream';

export const NO_HEADERS: RecordHeaders = Object.freeze({});

/** Record in the shape that kafkajs passes on. */
export interface FetchedMessage {
  readonly offset: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  readonly attributes: number;
  /** True for a hidden record, which kafkajs skips and passes to nobody. */
  readonly isControlRecord: boolean;
  /** Reason why the record cannot be read; its key and value are then null. */
  readonly fault: Undecodable | undefined;
}

/** Creates a hidden record, which only marks how far the log was read. */
export function hidden(offset: number): FetchedMessage {
  return { ...blank(offset), isControlRecord: true };
}

/** Creates a record that cannot be read, with the reason. */
export function faulty(offset: number, timestampMs: number, fault: Undecodable): FetchedMessage {
  return { ...blank(offset), timestamp: String(timestampMs), fault };
}

const blank = (offset: number): FetchedMessage => ({
  offset: String(offset),
  timestamp: '0',
  key: null,
  value: null,
  headers: NO_HEADERS,
  attributes: 0,
  isControlRecord: false,
  fault: undefined,
});
