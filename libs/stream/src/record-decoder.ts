import type { DeadLetterReason } from '@flowline/events';

import type { FieldReader } from './field-reader.ts';

/** Why the bytes of a record are not a value. */
export interface Undecodable {
  readonly reason: DeadLetterReason;
  readonly message: string;
}

/** What the bytes of a record hold, or why they hold nothing. */
export type Decoded = { readonly value: unknown } | Undecodable;

/**
 * One format of record values: bytes → the JSON-like value that features are read from (dotted names reach into it).
 * A format is added by one implementation of this and its line in the table of formats.
 */
export interface RecordDecoder {
  /** Decodes one value; what is wrong with it is data, never an exception. */
  decode(bytes: Uint8Array): Decoded;
  /**
   * Fetches what the values of a batch need and is not known yet, such as schemas by id; absent where a value stands for itself.
   * Rejects with a retryable error where it may succeed later: the batch waits.
   */
  prepare?(values: readonly Uint8Array[]): Promise<void>;
  /**
   * A quick way to the fields with these names, at the top level of a value; absent where a format has none. What it reads is what
   * {@link decode} would have found.
   */
  fields?(names: readonly string[]): FieldReader;
}
