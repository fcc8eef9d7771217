import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { Numeral } from '@flowline/events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { numbersOf, recordsOf } from './data-table.ts';
import { type FileFormat, formatOf } from './formats.ts';
import { readTable, tableOfRecords } from './read-table.ts';

const parquet = path.join(import.meta.dirname, 'testing/orders.parquet');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-tables-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(name: string, content: string | Uint8Array, options: { mostRows?: number } = {}) {
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
    expect(columns).toEqual([{ name: 'x', kind: 'number', cells: [1, NaN, NaN, null] }]);
  });

  it('makes records of rows as events have them, with objects for dotted columns', async () => {
    const table = await read('dotted.csv', 'shop.city,shop.size,n\nLyon,3,1\nParis,,2\n');
    expect(recordsOf(table, [1])).toEqual([{ shop: { city: 'Paris', size: null }, n: 2 }]);
  });

  it('reads the same from a compressed file, and thins a long one evenly', async () => {
    const text = `n\n${Array.from({ length: 1000 }, (_, i) => i).join('\n')}\n`;
    const table = await read('long.csv.gz', gzipSync(text), { mostRows: 300 });
    expect(table).toMatchObject({ size: 250, rowsRead: 1000 });
    expect(table.columns[0]?.cells.slice(0, 3)).toEqual([0, 4, 8]);
  });

  it.each([
    ['short.csv', 'a,b\n1,2\n3\n', /short\.csv, line 3 has 1 cells; the header has 2\.$/],
    ['twice.csv', 'a,a\n1,2\n', /the column "a" appears twice/],
    ['semicolon.csv', 'a;b\n1;2\n', /seems to be separated by ';'/],
    ['header.csv', 'a,b\n', /header\.csv has no rows/],
    ['open.csv', 'a\n"1\n', /a double quote is not closed/],
    ['none.csv.gz', 'a,b\n', /cannot be read: Error: incorrect header check/],
  ])('refuses %s in one message', async (name, text, message) => {
    await expect(read(name, text)).rejects.toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FILE_UNREADABLE', message: expect.stringMatching(message) }),
    );
  });

  it('names a file that is not there', async () => {
    const format: FileFormat = { kind: 'csv', delimiter: ',', gzip: false };
    await expect(readTable('no.csv', { format })).rejects.toThrow(/^no\.csv cannot be read: .*ENOENT/);
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

  it('reads a compressed one', async () => {
    const table = await read('orders.parquet.gz', gzipSync(await readFile(parquet)));
    expect(table.size).toBe(3);
  });

  it('refuses a file that is none, and one that is cut off', async () => {
    await expect(read('text.parquet', 'a,b\n1,2\n3,4\n5,6\n')).rejects.toThrow(/text\.parquet is not a Parquet file/);
    const whole = await readFile(parquet);
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
