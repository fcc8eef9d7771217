import type { DeadLetterReason } from '@flowline/events';

import type { FieldReader } from './field-reader.ts';

/** Reason why the bytes of a record cannot be decoded. */
export interface Undecodable {
  readonly reason: DeadLetterReason;
  readonly message: string;
}

/** Decoded value of a record, or the reason why there is none. */
export type Decoded = { readonly value: unknown } | Undecodable;

/**
 * Decoder for one format of record values: bytes to the JSON-like value from which features are
 * read (dotted names reach into it). To add a format, implement this interface and add a line to
 * the table of formats.
 */
export interface RecordDecoder {
  /** Decodes one value. Errors in it are returned as data, never thrown. */
  decode(bytes: Uint8Array): Decoded;
  /**
   * Fetches what the values of a batch need and the decoder does not have yet, such as schemas by
   * id. Absent if values are self-contained. Rejects with a retryable error if a later call may
   * succeed; the batch waits.
   */
  prepare?(values: readonly Uint8Array[]): Promise<void>;
  /**
   * Creates a fast reader of the fields with these names at the top level of a value; absent if the
   * format has none. It reads the same values as {@link decode}.
   */
  fields?(names: readonly string[]): FieldReader;
}
