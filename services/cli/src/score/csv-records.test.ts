import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { csvRecords } from './csv-records.ts';

/** Records of a text that arrives in pieces of a length. */
async function read(text: string, pieceLength = 1000) {
  async function* pieces() {
    for (let at = 0; at < text.length; at += pieceLength) yield await Promise.resolve(text.slice(at, at + pieceLength));
  }
  const records = [];
  for await (const record of csvRecords(pieces())) records.push(record);
  return records;
}

/** As COPY writes it. */
const written = (cell: string | null): string => {
  if (cell === null) return '';
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};

describe('csvRecords', () => {
  it('reads rows and the line each began on, with either end of line, and without one at the end', async () => {
    expect(await read('a,b\r\n1,"x\ny"\n\n2,\n3,""')).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['1', 'x\ny'] },
      { line: 5, cells: ['2', null] },
      { line: 6, cells: ['3', ''] },
    ]);
  });

  it('drops a byte order mark, and keeps quotes within quotes', async () => {
    expect(await read('\uFEFFa\n"say ""hi"""\n')).toEqual([
      { line: 1, cells: ['a'] },
      { line: 2, cells: ['say "hi"'] },
    ]);
  });

  it('gives back what was written, however it is cut into pieces', async () => {
    const cell = fc.option(fc.stringMatching(/^[a-z",\n ]{0,6}$/));
    const row = fc.array(cell, { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), async (rows, length) => {
        const text = rows.map((cells) => `${cells.map(written).join(',')}\n`).join('');
        expect((await read(text, length)).map(({ cells }) => cells)).toEqual(rows);
      }),
    );
  });
});
