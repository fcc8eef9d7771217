import { createHash } from 'node:crypto';

/** One line of a text, without its line break. */
export interface Line {
  /** From 0; empty lines count. */
  readonly number: number;
  /** At most the limit and one byte more: what is longer has been cut off. */
  readonly bytes: Uint8Array;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LINE_BREAK = '\n';

/**
 * Cuts a stream of bytes into lines, holding no more of a line than `maxBytes` + 1: the excess of a
 * longer line is skipped as it comes. The content of all lines before, whole, is known by its digest.
 */
export class LineSplitter {
  readonly #keep: number;
  #number = 0;
  #parts: Uint8Array[] = [];
  #length = 0;
  #hash = createHash('sha256');
  /** The digest at the end of the last line, where the hash has gone on into the next one. */
  #atLineEnd: string | null = null;
  /** A carriage return that belongs to the line break, if one follows. */
  #heldReturn = false;

  constructor(maxBytes: number) {
    this.#keep = maxBytes + 1;
  }

  /** The number of lines that have ended, the empty ones too. */
  get lines(): number {
    return this.#number;
  }

  /** The lines that end within this chunk; each is cut off only when it is asked for. */
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

  /** The last line, where the text does not end with a line break; null where it does. */
  end(): Line | null {
    return this.#length === 0 ? null : this.#finish();
  }

  /** Digest (SHA-256, hex) of the lines that have ended, whichever line breaks they end with. */
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
