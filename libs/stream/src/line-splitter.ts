import { createHash } from 'node:crypto';

/** One line of a text, without its line break. */
export interface Line {
  /** Line number from 0, empty lines included. */
  readonly number: number;
  /** Content, truncated to the limit plus one byte. */
  readonly bytes: Uint8Array;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LINE_BREAK = '\n';

/**
 * Splits a stream of bytes into lines, keeping at most `maxBytes` + 1 bytes of a line; the excess
 * of a longer line is skipped as it arrives. A digest covers the full content of all lines so far.
 */
export class LineSplitter {
  readonly #keep: number;
  #number = 0;
  #parts: Uint8Array[] = [];
  #length = 0;
  #hash = createHash('sha256');
  /** Digest at the end of the last line, if the hash already covers part of the next one. */
  #atLineEnd: string | null = null;
  /** True if a carriage return is pending that belongs to the line break, should one follow. */
  #heldReturn = false;

  constructor(maxBytes: number) {
    this.#keep = maxBytes + 1;
  }

  /** Number of complete lines, empty ones included. */
  get lines(): number {
    return this.#number;
  }

  /**
   * Yields the lines that end within this chunk. Each line is split off only when it is requested.
   */
  *push(chunk: Uint8Array): Generator<Line> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#append(chunk.subarray(start, end));
      start = end + 1;
      yield this.#finish();
    }
    if (start === chunk.length) return;
    this.#atLineEnd ??= this.prefix();
    this.#append(chunk.subarray(start));
  }

  /** The last line if the text does not end with a line break, else null. */
  end(): Line | null {
    return this.#length === 0 ? null : this.#finish();
  }

  /** SHA-256 digest (hex) of the complete lines, independent of the kind of line break. */
  prefix(): string {
    return this.#atLineEnd ?? this.#hash.copy().digest('hex');
  }

  #append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (this.#heldReturn) this.#hash.update('\r');
    this.#heldReturn = piece.at(-1) === CARRIAGE_RETURN;
    this.#hash.update(this.#heldReturn ? piece.subarray(0, -1) : piece);
    const kept = piece.subarray(0, this.#keep - this.#length);
    if (kept.length === 0) return;
    this.#parts.push(kept);
    this.#length += kept.length;
  }

  #finish(): Line {
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    const number = this.#number++;
    this.#hash.update(LINE_BREAK);
    this.#heldReturn = false;
    this.#atLineEnd = null;
    this.#parts = [];
    this.#length = 0;
    return { number, bytes };
  }
}
