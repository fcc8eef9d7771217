import { isUtf8 } from 'node:buffer';

import { FieldKind, type FieldReader } from '@flowline/stream';

import { JsonScanner } from './scanner.ts';

/**
 * Limits of the key cache: maximum keys, and maximum bytes per key. Keys are expected at the
 * position they had in the previous value; others are looked up.
 */
const EXPECTED_KEYS = 256;
const EXPECTED_BYTES = 64;
const UNWANTED = -1;

const [OPEN, CLOSE, COMMA, COLON, QUOTE] = [0x7b, 0x7d, 0x2c, 0x3a, 0x22];

/** A key at its position in the previous value. */
interface ExpectedKey {
  readonly bytes: Uint8Array;
  readonly field: number;
}

/**
 * Fields of JSON objects, found in one pass over the bytes: about a fifth of the time of
 * JSON.parse, and no garbage. Every accepted object is valid JSON and gets the values of JSON.parse
 * (the last one of a repeated key). Objects with an escape in a key or in a wanted text are left to
 * JSON.parse.
 */
export class JsonFields implements FieldReader {
  readonly #fields: ReadonlyMap<string, number>;
  readonly #kinds: Uint8Array;
  readonly #numbers: Float64Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #expected: ExpectedKey[] = [];
  readonly #scanner = new JsonScanner();
  #bytes: Buffer = Buffer.alloc(0);

  constructor(names: readonly string[]) {
    this.#fields = new Map(names.map((name, field) => [name, field]));
    this.#kinds = new Uint8Array(names.length);
    this.#numbers = new Float64Array(names.length);
    this.#starts = new Int32Array(names.length);
    this.#ends = new Int32Array(names.length);
  }

  read(value: Uint8Array): boolean {
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#bytes = bytes;
    this.#kinds.fill(FieldKind.absent);
    this.#scanner.start(bytes);
    return this.#object(bytes) && (!this.#scanner.beyondAscii || isUtf8(bytes));
  }

  kind(field: number): FieldKind {
    const kind = this.#kinds[field];
    if (kind === undefined) throw new RangeError(`no field ${field}`);
    return kind as FieldKind;
  }

  number(field: number): number {
    const number = this.#numbers[field];
    if (number === undefined) throw new RangeError(`no field ${field}`);
    return number;
  }

  text(field: number): string {
    const encoding = this.#scanner.beyondAscii ? 'utf8' : 'latin1';
    return this.#bytes.toString(encoding, this.#starts[field], this.#ends[field]);
  }

  #object(bytes: Buffer): boolean {
    const scanner = this.#scanner;
    let at = scanner.space(0);
    if (bytes[at] !== OPEN) return false;
    at = scanner.space(at + 1);
    if (bytes[at] === CLOSE) return scanner.space(at + 1) === bytes.length;
    for (let index = 0; ; index++) {
      if (bytes[at] !== QUOTE) return false;
      const end = scanner.text(at + 1);
      if (end < 0 || scanner.escaped) return false;
      const field = this.#fieldOf(bytes, index, at + 1, end);
      at = scanner.space(end + 1);
      if (bytes[at] !== COLON) return false;
      at = this.#value(bytes, scanner.space(at + 1), field);
      if (at < 0) return false;
      at = scanner.space(at);
      if (bytes[at] === CLOSE) return scanner.space(at + 1) === bytes.length;
      if (bytes[at] !== COMMA) return false;
      at = scanner.space(at + 1);
    }
  }

  /**
   * Field of the key between two positions. Usually it is the key that stood here in the previous
   * value.
   */
  #fieldOf(bytes: Buffer, index: number, start: number, end: number): number {
    const expected = this.#expected[index];
    if (expected !== undefined && sameBytes(expected.bytes, bytes, start, end)) return expected.field;
    const field = this.#fields.get(bytes.toString('utf8', start, end)) ?? UNWANTED;
    if (index < EXPECTED_KEYS && end - start <= EXPECTED_BYTES) {
      this.#expected[index] = { bytes: Uint8Array.from(bytes.subarray(start, end)), field };
    }
    return field;
  }

  /**
   * Reads the value at a position and keeps it if it is wanted. Returns the position after it, or
   * −1.
   */
  #value(bytes: Buffer, at: number, field: number): number {
    const scanner = this.#scanner;
    if (field === UNWANTED) return scanner.value(at);
    if (bytes[at] === QUOTE) {
      const end = scanner.text(at + 1);
      if (end < 0 || scanner.escaped) return -1;
      this.#kinds[field] = FieldKind.text;
      this.#starts[field] = at + 1;
      this.#ends[field] = end;
      return end + 1;
    }
    const isNumber = scanner.isNumber(at);
    const end = isNumber ? scanner.number(at) : scanner.word(at);
    if (end < 0) return -1;
    this.#kinds[field] = isNumber ? FieldKind.number : scanner.lastWord;
    if (isNumber) {
      this.#numbers[field] = scanner.lastNumber;
      this.#starts[field] = at;
      this.#ends[field] = end;
    }
    return end;
  }
}

function sameBytes(expected: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (expected.length !== end - start) return false;
  for (let i = 0; i < expected.length; i++) if (expected[i] !== bytes[start + i]) return false;
  return true;
}
