import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { Numeral } from '@flowline/events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { numbersOf, recordsOf } from './data-table.ts';
import { type FileFormat, formatOf } from './formats.ts';
import { readTable, type TableBounds, tableOfRecords } from './read-table.ts';

const parquet = path.join(import.meta.dirname, 'testing/orders.parquet');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-tables-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(name: string, content: string | Uint8Array, options: TableBounds = {}) {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return readTable(file, { format: formatOf(file) as FileFormat, ...options });
}

describe('readTable of CSV', () => {
  it('finds the kind of each column by its values', async () => {
    const table = await read(
      'kinds.csv',
      'x,code,ok,at,method,none,mixed\n1.5,007,t,2026-05-01,card,,1\nNA,12,f,2026-05-01T12:00:00Z,,,\n-2e3,3,true,,cash,,two\n',
    );
    const kinds = Object.fromEntries(table.columns.map(({ name, kind }) => [name, kind]));
    expect(kinds).toEqual({
      ...{ x: 'number', code: 'number', ok: 'boolean', at: 'time', method: 'text', none: 'empty', mixed: 'text' },
    });
    const [x, code, ok, , , , mixed] = table.columns;
    expect([...numbersOf(x!)]).toEqual([1.5, NaN, -2000]);
    // The text of a number is kept, where it is a name.
    expect(code?.cells.at(0)).toEqual(new Numeral('007'));
    expect(ok?.cells).toEqual([true, false, true]);
    expect(mixed?.cells).toEqual(['1', null, 'two']);
  });

  it('keeps NaN and infinities among numbers, which an event must not have', async () => {
    const { columns } = await read('nan.csv', 'x\n1\nNaN\n-inf\nNA\n');
    expect(columns).toEqual([{ name: 'x', kind: 'number', cells: [1, NaN, -Infinity, null] }]);
  });

  it('makes records of rows as events have them, with objects for dotted columns', async () => {
    const table = await read('dotted.csv', 'shop.city,shop.size,n\nLyon,3,1\nParis,,2\n');
    expect(recordsOf(table, [1])).toEqual([{ shop: { city: 'Paris', size: null }, n: 2 }]);
  });

  it('reads what gzip has compressed by its content, whatever the name', async () => {
    const [plain, compressed] = [await read('x.csv', 'n\n1\n'), await read('y.csv', gzipSync('n\n1\n'))];
    expect(compressed.columns).toEqual(plain.columns);
    const twice = Buffer.concat([gzipSync('n\n1\n'), gzipSync('2\n')]);
    expect((await read('twice.csv.gz', twice)).size).toBe(2);
  });

  it('reads the same from a compressed file, and thins a long one evenly', async () => {
    const text = `n\n${Array.from({ length: 1000 }, (_, i) => i).join('\n')}\n`;
    const table = await read('long.csv.gz', gzipSync(text), { mostRows: 300 });
    expect(table.rowsRead).toBe(1000);
    expect(table.size).toBeGreaterThan(150);
    expect(table.size).toBeLessThanOrEqual(300);
    const cells = table.columns[0]!.cells as number[];
    // One of every four, in their order.
    expect(cells.every((n, i) => i === 0 || n > cells[i - 1]!)).toBe(true);
    expect(cells.filter((n) => n < 500).length / table.size).toBeCloseTo(0.5, 1);
  });

  it('keeps fewer rows of a wide table, and of long text', async () => {
    const wide = Array.from({ length: 64 }, () => Array.from({ length: 50 }, (_, j) => j).join(','));
    const header = Array.from({ length: 50 }, (_, j) => `c${j}`).join(',');
    const table = await read('wide.csv', `${header}\n${wide.join('\n')}\n`, { mostCells: 1_000 });
    expect(table.rowsRead).toBe(64);
    expect(50 * table.size).toBeLessThanOrEqual(1_000);
    const long = Array.from({ length: 64 }, (_, i) => `${i},${'x'.repeat(800)}`);
    const texts = await read('texts.csv', `n,text\n${long.join('\n')}\n`, { mostCells: 1_000 });
    expect(texts.size).toBeLessThan(10);
  });

  it('keeps the text of numbers where they may be levels', async () => {
    const { columns } = await read('codes.csv', 'code,other\n12.50,1\n7.0,2\nother,3\n');
    expect(columns[0]).toEqual({ name: 'code', kind: 'text', cells: ['12.50', '7.0', 'other'] });
    const prices = Array.from({ length: 200 }, (_, i) => `${i}.50`);
    const long = await read('prices.csv', `price\n${prices.join('\n')}\n`);
    expect([...numbersOf(long.columns[0]!)]).toEqual(prices.map(Number));
  });

  it('takes blanks off the names of a header, and columns without a name for none', async () => {
    const table = await read('blanks.csv', ',a, b ,,\n0,1,2,,\n1,2,3,,\n');
    expect(recordsOf(table)).toEqual([
      { a: 1, b: 2 },
      { a: 2, b: 3 },
    ]);
  });

  it.each([
    ['short.csv', 'a,b\n1,2\n3\n', /short\.csv, line 3 has 1 cell; the header has 2\.$/],
    ['twice.csv', 'a,a\n1,2\n', /the column "a" appears twice/],
    ['semicolon.csv', 'a;b\n1;2\n', /seems to be separated by ';'/],
    ['header.csv', 'a,b\n', /header\.csv has no rows/],
    ['open.csv', 'a\n"1\n', /a double quote is not closed/],
    ['plain.csv.gz', 'a,b\n', /plain\.csv\.gz has no rows/],
    ['numbers.csv', '1.5,2\n3,4\n', /numbers\.csv has no header: its first line is 1\.5, 2\.$/],
    ['object.csv', 'a,a.b\n1,2\n', /the column "a\.b" is a field of "a", which is a column of its own/],
    ['utf16.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), /utf16\.csv is UTF-16 text, not UTF-8 text/],
    ['sheet.csv', Buffer.from('PK\u0003\u0004sheet'), /sheet\.csv is a ZIP archive or a spreadsheet/],
    ['cut.csv.gz', gzipSync(`a\n${'1\n'.repeat(9_999)}`).subarray(0, 40), /its gzip compression ends too early/],
    [
      'columns.csv',
      `${Array.from({ length: 5_000 }, (_, i) => `c${i}`).join(',')}\n${'1,'.repeat(4_999)}1\n`,
      /more than 4,096 columns/,
    ],
  ])('refuses %s in one message', async (name, text, message) => {
    await expect(read(name, text)).rejects.toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FILE_UNREADABLE', message: expect.stringMatching(message) }),
    );
  });

  it('names a file that is not there', async () => {
    const format: FileFormat = { kind: 'csv', delimiter: ',' };
    await expect(readTable('no.csv', { format })).rejects.toThrow(/^no\.csv cannot be read: there is no such file\.$/);
    await expect(readTable(folder, { format })).rejects.toThrow(/cannot be read: it is a folder\.$/);
  });
});

describe('readTable of NDJSON', () => {
  it('takes objects apart, and columns that begin late', async () => {
    const table = await read('events.ndjson', '{"a":{"b":1}}\n\n{"a":{"b":2},"c":"x","d":[1]}\n');
    expect(table.columns).toEqual([
      { name: 'a.b', kind: 'number', cells: [1, 2] },
      { name: 'c', kind: 'text', cells: [null, 'x'] },
      { name: 'd', kind: 'other', cells: [null, [1]] },
    ]);
  });

  it('takes a column that is an object in some rows for what it is in each', async () => {
    const table = await read('both.ndjson', '{"a":5}\n{"a":{"b":1}}\n');
    expect(recordsOf(table)).toEqual([{ a: 5 }, { a: { b: 1 } }]);
  });

  it('reads any name and any depth', async () => {
    const deep = `${'{"d":'.repeat(40)}1${'}'.repeat(40)}`;
    const list = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    const table = await read('odd.ndjson', `{"__proto__":1,"constructor":2,"":3,"deep":${deep},"list":${list}}\n`);
    expect(recordsOf(table)[0]).toMatchObject({ constructor: 2 });
    expect(Object.keys(recordsOf(table)[0]!).slice(0, 2)).toEqual(['__proto__', 'constructor']);
    expect(table.columns.slice(3).map(({ kind }) => kind)).toEqual(['other', 'other']);
  });

  it('does not take text for numbers, as events do not', async () => {
    const { columns } = await read('text.ndjson', '{"n":"1"}\n{"n":"2"}\n');
    expect(columns).toMatchObject([{ kind: 'text' }]);
  });

  it.each([
    ['broken.ndjson', '{"a":1}\n{"a":\n', /record 2: The value is not JSON/],
    ['list.ndjson', '[1]\n', /record 1 is not a JSON object/],
  ])('refuses %s with its record', async (name, text, message) => {
    await expect(read(name, text)).rejects.toThrow(message);
  });
});

describe('readTable of Parquet', () => {
  it('reads every type as events have it, across row groups', async () => {
    const table = await readTable(parquet, { format: formatOf(parquet) as FileFormat });
    expect(table.columns).toEqual([
      { name: 'id', kind: 'number', cells: [new Numeral('9007199254740993'), 2, null] },
      { name: 'at', kind: 'time', cells: ['2026-05-01T12:00:00.000Z', '2026-05-01T12:00:01.000Z', null] },
      { name: 'amount', kind: 'number', cells: [1.5, null, -2] },
      { name: 'method', kind: 'text', cells: ['card', 'cash', null] },
      { name: 'ok', kind: 'boolean', cells: [true, null, false] },
      { name: 'shop.city', kind: 'text', cells: ['Lyon', 'Paris', null] },
      { name: 'shop.size', kind: 'number', cells: [3, 4, 5] },
      { name: 'tags', kind: 'other', cells: [['a'], [], null] },
    ]);
  });

  it('reads any name, bytes that are no text, columns without a value, and LZ4', async () => {
    const table = await readTable(path.join(import.meta.dirname, 'testing/odd-lz4.parquet'), {
      format: { kind: 'parquet', delimiter: ',' },
    });
    expect(table.columns.map(({ name, kind, cells }) => [name, kind, cells.at(0), cells.at(-1)])).toEqual([
      ['__proto__', 'number', 0, 39],
      ['constructor', 'number', 0, 19.5],
      ['code', 'text', 'ff00', 'ff00'],
      ['text', 'text', 'café', 'café'],
      ['none', 'empty', null, null],
      ['kind', 'text', 'a', 'b'],
      ['price', 'number', 0, 9.75],
      ['at', 'time', '2026-05-01T00:00:00.000Z', '2026-05-02T15:00:00.000Z'],
      ['list', 'other', [], []],
    ]);
    expect(new Set(table.columns[2]!.cells)).toEqual(new Set(['ff00', 'ff01', 'ff02']));
    expect(numbersOf(table.columns[0]!)).toEqual(Float64Array.from({ length: 40 }, (_, i) => i));
  });

  it('reads a compressed one', async () => {
    const table = await read('orders.parquet.gz', gzipSync(await readFile(parquet)));
    expect(table.size).toBe(3);
  });

  it('refuses a file that is none, and one that is cut off', async () => {
    await expect(read('text.parquet', 'a,b\n1,2\n3,4\n5,6\n')).rejects.toThrow(/text\.parquet is not a Parquet file/);
    const whole = await readFile(parquet);
    await expect(read('end.parquet', whole.subarray(0, -100))).rejects.toThrow(/end\.parquet is cut off/);
    const bytes = Buffer.concat([whole.subarray(0, 8), whole.subarray(400)]);
    await expect(read('cut.parquet', bytes)).rejects.toThrow(/^The Parquet file .*cut\.parquet cannot be read/);
  });
});

describe('tableOfRecords', () => {
  it('reads records of a database or topic', () => {
    expect(tableOfRecords([{ a: 1 }, 7, { a: null, b: true }], 'orders').columns).toEqual([
      { name: 'a', kind: 'number', cells: [1, null, null] },
      { name: 'b', kind: 'boolean', cells: [null, null, true] },
    ]);
  });
});
