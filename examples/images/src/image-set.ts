import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

import type { Rows } from '@flowline/flows';

/** Images of one size, with whole-numbered pixels. */
export interface ImageSet {
  readonly height: number;
  readonly width: number;
  /** Number of values that a pixel can have: 0 … values − 1. */
  readonly values: number;
  readonly train: Rows;
  readonly validation: Rows;
  readonly test: Rows;
}

const DIGITS = { side: 8, values: 17, train: 1347, validation: 180, test: 270 };

/** The 8 × 8 digits that come with the example. */
export function digits(): ImageSet {
  const { side, values, train, validation, test } = DIGITS;
  const bytes = gunzipSync(readFileSync(new URL('../data/digits8x8.bin.gz', import.meta.url)));
  const rows = (from: number, size: number): Rows => ({
    x: Float32Array.from(bytes.subarray(from * side * side, (from + size) * side * side)),
    size,
  });
  return {
    height: side,
    width: side,
    values,
    train: rows(0, train),
    validation: rows(train, validation),
    test: rows(train + validation, test),
  };
}

/**
 * Reads the images in a folder: train.npy, val.npy and test.npy, each of shape [n, height, width]
 * with one byte per pixel.
 */
export function imagesIn(folder: string): ImageSet {
  const [train, validation, test] = [npyIn(folder, 'train'), npyIn(folder, 'val'), npyIn(folder, 'test')];
  const largest = train.rows.x.reduce((a, b) => Math.max(a, b), 0);
  // Grey levels are 0 … 255 unless every pixel is far below: the 8 × 8 digits have 17.
  const values = largest < 17 ? 17 : 256;
  return {
    height: train.height,
    width: train.width,
    values,
    train: train.rows,
    validation: validation.rows,
    test: test.rows,
  };
}

function npyIn(folder: string, part: string): { height: number; width: number; rows: Rows } {
  const file = path.join(folder, `${part}.npy`);
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  const [, size, height, width] = (/'shape': \((\d+), (\d+), (\d+)\)/.exec(header) ?? []).map(Number);
  if (!header.includes("'|u1'") || size === undefined || height === undefined || width === undefined) {
    throw new Error(`${file}: found ${header.trim()}, expected unsigned bytes of shape (n, height, width)`);
  }
  return { height, width, rows: { x: Float32Array.from(bytes.subarray(start)), size } };
}
