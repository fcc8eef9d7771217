import { missing, parseJson } from '@flowline/events';

import { TIMESTAMPS } from './history-time.ts';

/** Column of a history that is read. */
export interface WantedColumn {
  readonly name: string;
  /**
   * True if its values serve as names (levels, keys), in the spelling that JSON has. Otherwise a
   * number is only a number.
   */
  readonly asName: boolean;
}

/**
 * Binary form in which a column is read: a number, text, a list of numbers as JSON text, or the
 * JSON text of its value, which any type has. All have the values of the JSON of an event.
 */
export type CellFormat = 'int2' | 'int4' | 'int8' | 'float8' | 'text' | 'list' | 'json';

const { INT2, INT4, INT8, FLOAT8, TEXT, BPCHAR, VARCHAR, DATE } = {
  ...{ INT2: 21, INT4: 23, INT8: 20, FLOAT8: 701 },
  ...{ TEXT: 25, BPCHAR: 1042, VARCHAR: 1043, DATE: 1082 },
};
const NUMBERS: ReadonlyMap<number, CellFormat> = new Map([
  [INT2, 'int2'],
  [INT4, 'int4'],
  [INT8, 'int8'],
  [FLOAT8, 'float8'],
]);
const TEXTS: ReadonlySet<number> = new Set([TEXT, BPCHAR, VARCHAR]);
/** Arrays of float4 and of float8. */
const LISTS: ReadonlySet<number> = new Set([1021, 1022]);

/** Format in which a column of a type is read. */
export function cellFormat(oid: number, asName: boolean): CellFormat {
  if (TEXTS.has(oid)) return 'text';
  if (LISTS.has(oid) && !asName) return 'list';
  return (asName ? undefined : NUMBERS.get(oid)) ?? 'json';
}

/** True if times of this type are whole in the binary form of a timestamp. */
export const isTimeType = (oid: number): boolean => TIMESTAMPS.has(oid) || oid === DATE;

/** Value of a cell from its JSON text. */
function cellValue(json: string): unknown {
  const isPlain = json.startsWith('"') && !json.includes('\\');
  return isPlain ? json.slice(1, -1) : parseJson(json);
}

/** Maximum bytes of a value that is remembered, and number of remembered values per column. */
const [MOST_BYTES, PLACES] = [48, 1_024];

interface Remembered {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

/** Decodes the text of a column, which often repeats: short values are decoded once. */
export class CellTexts {
  readonly #format: 'text' | 'list' | 'json';
  readonly #remembered: (Remembered | undefined)[] = new Array<Remembered | undefined>(PLACES).fill(undefined);

  constructor(format: 'text' | 'list' | 'json') {
    this.#format = format;
  }

  /** Value of the bytes from `start` to `end`. */
  value(bytes: Buffer, start: number, end: number): unknown {
    if (this.#format === 'list' || end - start > MOST_BYTES) return this.#decode(bytes, start, end);
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? missing(bytes, i))) | 0;
    const place = (hash ^ (hash >>> 10)) & (PLACES - 1);
    const known = this.#remembered[place];
    if (known !== undefined && isSame(known.bytes, bytes, start, end)) return known.value;
    const value = this.#decode(bytes, start, end);
    this.#remembered[place] = { bytes: Uint8Array.prototype.slice.call(bytes, start, end), value };
    return value;
  }

  #decode(bytes: Buffer, start: number, end: number): unknown {
    const text = bytes.toString('utf8', start, end);
    // A list of numbers is read much faster without their spelling, which nothing asks for.
    if (this.#format === 'list') return JSON.parse(text);
    return this.#format === 'json' ? cellValue(text) : text;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
