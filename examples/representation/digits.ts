import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { at } from '@flowline/events';

import { Random } from '@flowline/flows';

export const PIXELS = 64;
export const CLASSES = 10;

/** Images of 8 × 8 pixels with whole values 0 … 16, and the digits they show. */
export interface Digits {
  /** [size × 64], row-major. */
  readonly x: Float32Array;
  readonly labels: Uint8Array;
  readonly size: number;
}

/** Reads the digits, shuffles them with a fixed seed and splits them. */
export function readDigits(): { readonly train: Digits; readonly validation: Digits; readonly test: Digits } {
  const text = gunzipSync(readFileSync(path.join(import.meta.dirname, 'digits.csv.gz'))).toString('utf8');
  const lines = text.trimEnd().split('\n');
  const order = [...new Random(1).permutation(lines.length)];
  const rows = order.map((i) => at(lines, i).split(',').map(Number));
  const [firstTest, firstValidation] = [rows.length - 450, rows.length - 600];
  return {
    train: digitsOf(rows.slice(0, firstValidation)),
    validation: digitsOf(rows.slice(firstValidation, firstTest)),
    test: digitsOf(rows.slice(firstTest)),
  };
}

function digitsOf(rows: readonly (readonly number[])[]): Digits {
  return {
    x: Float32Array.from(rows.flatMap((row) => row.slice(0, PIXELS))),
    labels: Uint8Array.from(rows, (row) => at(row, PIXELS)),
    size: rows.length,
  };
}
