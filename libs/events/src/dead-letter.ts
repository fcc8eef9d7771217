/** Reasons why a record could not become an event. Published: stored in `dead_letters.reason`. */
export const deadLetterReasons = {
  tombstone: 'the record has no value',
  not_json: 'the value is not JSON',
  not_an_object: 'the JSON value is not an object',
  too_large: 'the value is larger than the limit',
  missing_field: 'a required field is absent or null',
  wrong_type: 'a field holds a value of another type',
  not_finite: 'a number is NaN, infinite or beyond the range of a float64',
  out_of_range: 'a number is beyond the range of the float32 in which densities are computed',
  bad_time: 'the event time is not a time',
  unknown_key: 'a lookup table has no row for a key, and the feature is not nullable',
  scattered_entity: 'another partition has events of the same entity, so its past is not known here',
  unreadable: 'its bytes are damaged, or reading them failed unexpectedly',
  refused: 'Postgres rejects the event because of its size or its content',
} as const;
export type DeadLetterReason = keyof typeof deadLetterReasons;

/** A header value as stored in JSON: text, bytes that are not valid UTF-8, or null. */
export type StoredHeader = string | null | { readonly base64: string };
/** Headers of a record as stored in JSON. A repeated name has the list of its values, in order. */
export type StoredHeaders = Readonly<Record<string, StoredHeader | readonly StoredHeader[]>>;

/** A raw record, as kept when it cannot be scored. */
export interface KeptRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
  /** Timestamp of the record, milliseconds since the epoch. */
  readonly timestampMs: number;
}

/** A record that could not be scored, with the reason. */
export interface DeadLetter extends KeptRecord {
  readonly reason: DeadLetterReason;
  /** The field at fault, or null if it is the whole record. */
  readonly field: string | null;
  /** One sentence on what was found and what was expected. */
  readonly message: string;
}
