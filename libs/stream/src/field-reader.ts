/** What a field of a value is. */
export const FieldKind = { absent: 0, null: 1, number: 2, text: 3, false: 4, true: 5 } as const;
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind];

/**
 * Reads some fields of one value at a time, without making the value: the quick way for records that are as most are. It holds the
 * fields of the last value read, by the index that they were asked for.
 */
export interface FieldReader {
  /**
   * Reads a value; false, with nothing to be had, where it is not what this way can read to the letter. That says nothing of the
   * value: {@link RecordDecoder.decode} decides what it is.
   */
  read(bytes: Uint8Array): boolean;
  kind(field: number): FieldKind;
  /** Of a field that is a number. */
  number(field: number): number;
  /** Of a field that is text; of one that is a number, as it was written. */
  text(field: number): string;
}
