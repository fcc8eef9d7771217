import { describe, expect, it } from '@jest/globals';
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';

import { type CsvOptions, csvRecords } from './csv-records.ts';

/** Reads the records of a text that arrives in chunks of a given length. */
async function read(text: string | Uint8Array, pieceLength = 1000, options: Partial<CsvOptions> = {}) {
  async function* pieces() {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += pieceLength) {
      yield await Promise.resolve(bytes.subarray(at, at + pieceLength));
    }
  }
  const records = [];
  for await (const record of csvRecords(pieces(), { where: 'f.csv', ...options })) records.push(record);
  return records;
}

/** Formats a cell as COPY writes it. */
const written = (cell: string | null): string => {
  if (cell === null) return '';
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};

/** Records by csv-parse; null for a quote that is never closed. */
function peerRecords(text: string): unknown {
  const cast = (cell: string, { quoting }: { readonly quoting: boolean }) => (cell === '' && !quoting ? null : cell);
  const lenient = { bom: true, relax_quotes: true, relax_column_count: true, skip_empty_lines: true };
  try {
    return parse(text, { ...lenient, record_delimiter: ['\r\n', '\n', '\r'], cast });
  } catch (error) {
    if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') return null;
    throw error;
  }
}

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

  it('takes a quote within a cell that began without one as a quote: the rows after it stand', async () => {
    const text = 'a,b\n5" pipe,1\n2,x"y\n3,"z"\n4,w\n';
    expect((await read(text, 3)).map(({ cells }) => cells)).toEqual([
      ['a', 'b'],
      ['5" pipe', '1'],
      ['2', 'x"y'],
      ['3', 'z'],
      ['4', 'w'],
    ]);
  });

  it('says where a quote begins that is never closed, and what is not UTF-8', async () => {
    await expect(read('a,b\n1,2\n3,"4\n5,6\n')).rejects.toMatchObject({
      code: 'FLOWLINE_FILE_UNREADABLE',
      message: expect.stringContaining('line 3'),
    });
    await expect(read(Buffer.from('a\ncaf\u00e9\n', 'latin1'))).rejects.toMatchObject({
      code: 'FLOWLINE_FILE_UNREADABLE',
      message: expect.stringContaining('not UTF-8'),
    });
    const endless = `a,b\n1,"${'x'.repeat(5_000)}`;
    await expect(read(endless, 100, { maxRecordLength: 1_000 })).rejects.toMatchObject({
      message: expect.stringContaining('line 2'),
    });
  });

  it('cuts at another delimiter, and at no other character that looks like a line break', async () => {
    expect((await read('a;b\n1,5;x\u2028y\n', 4, { delimiter: ';' })).map(({ cells }) => cells)).toEqual([
      ['a', 'b'],
      ['1,5', 'x\u2028y'],
    ]);
  });

  it('reads any text as csv-parse does, line by line, however it is cut into pieces', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r', '\r\n', ' ', 'é', '\ufeff'),
      maxLength: 24,
    });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (csv, length) => {
        const [expected, found] = [peerRecords(csv), await read(csv, length).catch(() => null)];
        expect(found?.map(({ cells }) => cells) ?? null).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
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
