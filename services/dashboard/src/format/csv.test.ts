import { describe, expect, it } from '@jest/globals';

import { csvOf } from './csv.ts';

describe('csvOf', () => {
  it('quotes what has commas, quotes and line breaks', () => {
    expect(
      csvOf(
        ['a', 'b,c'],
        [
          ['say "no"', 1.5],
          ['two\nlines', null],
        ],
      ),
    ).toBe('a,"b,c"\r\n"say ""no""",1.5\r\n"two\nlines",\r\n');
  });

  it('lets no spreadsheet run a text, and leaves numbers alone', () => {
    expect(csvOf(['x'], [['=cmd()'], ['@a'], [-2]])).toBe("x\r\n'=cmd()\r\n'@a\r\n-2\r\n");
  });
});
