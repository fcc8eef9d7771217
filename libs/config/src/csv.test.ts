import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { parseCsv } from './csv.ts';
import { lookupFromCsv } from './lookup-csv.ts';

const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;

describe('parseCsv', () => {
  it('reads quoted cells, commas, line breaks, a byte order mark and a missing last line break', () => {
    const text = '\uFEFFcode,name\r\nABC,"Foo, ""the"" bar\nbaz"\n\nDEF,';
    expect(parseCsv(text, 'a.csv')).toEqual({
      header: ['code', 'name'],
      rows: [
        ['ABC', 'Foo, "the" bar\nbaz'],
        ['DEF', ''],
      ],
    });
  });

  it('takes a quote within a cell that began without one as a quote', () => {
    expect(parseCsv('size,n\n5" pipe,1\n', 'a.csv').rows).toEqual([['5" pipe', '1']]);
  });

  it('reads back any cells that were quoted', () => {
    const table = fc.integer({ min: 1, max: 4 }).chain((width) => {
      const row = fc.array(fc.string(), { minLength: width, maxLength: width });
      const header = fc.uniqueArray(fc.string(), { minLength: width, maxLength: width });
      return fc.tuple(header, fc.array(row)).map(([first, rest]) => [first, ...rest]);
    });
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), (records, end) => {
        const text = records.map((cells) => cells.map(quote).join(',')).join(end) + end;
        const [header, ...rows] = records;
        expect(parseCsv(text, 'a.csv')).toEqual({ header, rows });
      }),
    );
  });

  it.each([
    ['', 'a.csv, line 1: the file is empty'],
    ['a,b\n1,2\n3\n', 'a.csv, line 3: row 2 has 1 cells, the header 2'],
    ['a\n"open\n', 'a.csv, line 2: a double quote is not closed'],
    ['a,a\n1,2\n', 'a.csv, line 1: the column "a" appears twice'],
  ])('says where %p is wrong', (text, message) => {
    expect(() => parseCsv(text, 'a.csv')).toThrow(message);
  });
});

describe('lookupFromCsv', () => {
  it('makes numbers of columns that hold numbers only', () => {
    const text = 'iata,lat,zip,note\nJFK,40.64,01234,\nLAX,-.5e1,90045,west\nXXX,,1,3\n';
    expect(lookupFromCsv(text, 'iata', 'airports.csv')).toEqual({
      key: 'iata',
      rows: {
        JFK: { iata: 'JFK', lat: 40.64, zip: '01234', note: null },
        LAX: { iata: 'LAX', lat: -5, zip: '90045', note: 'west' },
        XXX: { iata: 'XXX', lat: null, zip: '1', note: '3' },
      },
    });
  });

  it.each([
    ['code', 'no column "code" among iata'],
    ['iata', 'the key "JFK" of column "iata" appears twice'],
  ])('refuses the key %s', (key, message) => {
    expect(() => lookupFromCsv('iata\nJFK\nJFK\n', key, 'airports.csv')).toThrow(message);
  });
});
