/** Kind of value that a field holds. */
export const FieldKind = { absent: 0, null: 1, number: 2, text: 3, false: 4, true: 5 } as const;
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind];

/**
 * Reads selected fields of one value at a time without building the value: the fast path for
 * ordinary records. It holds the fields of the last value read, by the index under which they were
 * requested.
 */
export interface FieldReader {
  /**
   * Reads a value. Returns false, and offers no fields, if the fast path cannot read the value
   * exactly. That does not make the value invalid: {@link RecordDecoder.decode} decides.
   */
  read(bytes: Uint8Array): boolean;
  kind(field: number): FieldKind;
  /** Value of a numeric field. */
  number(field: number): number;
  /** Value of a text field, or a numeric field as it was written. */
  text(field: number): string;
}
