/** One line of a text, without its line break. */
export interface Line {
  /** From 0; empty lines count. */
  readonly number: number;
  /** At most the limit and one byte more: what is longer has been cut off. */
  readonly bytes: Uint8Array;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts a stream of bytes into lines, holding no more of a line than `maxBytes` + 1: the excess of a longer line is skipped as it
 * comes. Lines that are empty are left out, but numbered.
 */
export class LineSplitter {
  readonly #keep: number;
  #number = 0;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#keep = maxBytes + 1;
  }

  /** The lines that end within this chunk. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#append(chunk.subarray(start, end));
      this.#finish(lines);
      start = end + 1;
    }
    this.#append(chunk.subarray(start));
    return lines;
  }

  /** The last line, where the text does not end with a line break. */
  end(): Line[] {
    const lines: Line[] = [];
    this.#finish(lines);
    return lines;
  }

  #append(piece: Uint8Array): void {
    const kept = piece.subarray(0, this.#keep - this.#length);
    if (kept.length === 0) return;
    this.#parts.push(kept);
    this.#length += kept.length;
  }

  #finish(lines: Line[]): void {
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    if (bytes.length > 0) lines.push({ number: this.#number, bytes });
    this.#number++;
    this.#parts = [];
    this.#length = 0;
  }
}
