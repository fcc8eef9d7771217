import { describe, expect, it } from '@jest/globals';

import { BinaryCopy } from './binary-copy.ts';
import { BinaryRows } from './binary-rows.ts';

const rows = Array.from({ length: 50 }, (_, i) => ({
  number: i % 4 === 0 ? null : i / 3,
  whole: i - 25,
  text: i % 5 === 0 ? null : `text ${i % 7} \u{1f600}`,
  timeMs: Date.UTC(2026, 0, 1) + i,
}));

const bytes = (): Buffer => {
  const copy = new BinaryCopy();
  for (const { number, whole, text, timeMs } of rows) {
    copy.startRow(4);
    if (number === null) copy.null();
    else copy.float8(number);
    copy.int64(whole).text(text).timestamp(timeMs);
  }
  return Buffer.concat(copy.chunks());
};

/** Rows as they are decoded from pieces of the bytes. */
function decode(pieces: readonly Buffer[], batchRows: number): unknown[] {
  const binary = new BinaryRows(['float8', 'int8', 'text', 'time'], batchRows);
  const decoded: unknown[] = [];
  const take = (size: number): void => {
    for (let row = 0; row < size; row++) {
      const [number, whole, text, timeMs] = binary.cells.map((cells) =>
        cells.kind === 'values' ? cells.values[row] : cells.isNull[row] === 1 ? null : cells.values[row],
      );
      decoded.push({ number, whole, text, timeMs });
    }
  };
  for (const piece of pieces) {
    binary.add(piece);
    for (let size = binary.fill(); size > 0; size = binary.fill()) take(size);
  }
  take(binary.take());
  return decoded;
}

describe('BinaryRows', () => {
  it('decodes what BinaryCopy writes, in batches', () => {
    expect(decode([bytes()], 7)).toEqual(rows);
    expect(decode([bytes()], 1_000)).toEqual(rows);
  });

  it('does not depend on where the bytes are cut', () => {
    const all = bytes();
    for (let size = 1; size < 100; size++) {
      const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
        all.subarray(i * size, (i + 1) * size),
      );
      expect(decode(pieces, 16)).toEqual(rows);
    }
  });
});
