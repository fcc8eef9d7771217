/** Read position in the bytes of records. */
export class RecordCursor {
  readonly #bytes: Buffer;
  readonly end: number;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.end = bytes.length;
  }

  skip(length: number): void {
    this.at += length;
  }

  /**
   * Reads a zigzag integer of up to ten bytes, rounded beyond 2^53. @throws RangeError at the end
   * of the bytes.
   */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let length = 1; ; length++) {
      const byte = this.at < this.end ? this.#bytes[this.at++] : undefined;
      if (byte === undefined || length > 10) throw new RangeError('an integer has no end');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /**
   * Reads length-prefixed bytes; null if the length is negative. @throws RangeError if bytes are
   * missing.
   */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const begin = this.at;
    if (length > this.end - begin) throw new RangeError('bytes are missing');
    this.at = begin + length;
    return this.#bytes.subarray(begin, this.at);
  }
}
