/** Why a record could not become an event. Published: stored in `dead_letters.reason`. */
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
  unreadable: 'its bytes are not what they should be, or reading them failed for a reason of its own',
  refused: 'Postgres takes the record in no other form: for its size, or for what it holds',
} as const;
export type DeadLetterReason = keyof typeof deadLetterReasons;

/** A header as JSON keeps it: text, or bytes that are no UTF-8 text, or null. */
export type StoredHeader = string | null | { readonly base64: string };
/** The headers of a record as JSON keeps them; of a name that is repeated, every value in its order. */
export type StoredHeaders = Readonly<Record<string, StoredHeader | readonly StoredHeader[]>>;

/** A record as it came: what is kept of one that cannot be scored. */
export interface KeptRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
  /** Milliseconds since the epoch, of the record. */
  readonly timestampMs: number;
}

/** A record that could not be scored, kept as it came. */
export interface DeadLetter extends KeptRecord {
  readonly reason: DeadLetterReason;
  /** The field it is about, or null for the whole record. */
  readonly field: string | null;
  /** What was found and what was expected, in one sentence. */
  readonly message: string;
}
