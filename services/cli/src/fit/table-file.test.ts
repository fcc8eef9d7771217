import { describe, expect, it } from '@jest/globals';

import { fileFormat, namesOf } from './table-file.ts';

describe('namesOf', () => {
  it('takes names apart at commas, and those in quotes as they are', () => {
    expect(namesOf(undefined)).toEqual([]);
    expect(namesOf('id, label,,fraud')).toEqual(['id', 'label', 'fraud']);
    expect(namesOf('"price, EUR",id,"say ""hi"""')).toEqual(['price, EUR', 'id', 'say "hi"']);
  });
});

describe('fileFormat', () => {
  it('is that of the options, or else of the name; standard input is NDJSON', () => {
    expect(fileFormat('a.tsv.gz', {})).toEqual({ kind: 'csv', delimiter: '\t' });
    expect(fileFormat('a.txt', { format: 'csv', delimiter: ';' })).toEqual({ kind: 'csv', delimiter: ';' });
    expect(fileFormat('a.txt', { format: 'csv', delimiter: '\\t' })).toEqual({ kind: 'csv', delimiter: '\t' });
    expect(fileFormat('-', {})).toEqual({ kind: 'ndjson', delimiter: ',' });
    expect(() => fileFormat('a.txt', {})).toThrow(/The name of a\.txt does not tell its format/);
    for (const delimiter of ['', ';;', '"', '\n']) {
      expect(() => fileFormat('a.csv', { delimiter })).toThrow(/--delimiter is .*; expected one character/);
    }
  });
});
