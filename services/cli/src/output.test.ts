import { describe, expect, it } from '@jest/globals';

import { formatCount, formatNumber, formatTable } from './output.ts';

describe('formatTable', () => {
  it('aligns text to the left and numbers to the right, without spaces at the end', () => {
    expect(
      formatTable(
        ['name', 'n', 'what'],
        [
          ['a', 5, 'x'],
          ['bcd', 1234, ''],
        ],
      ),
    ).toBe(['name     n  what', 'a        5  x', 'bcd   1234'].join('\n'));
  });
});

describe('numbers', () => {
  it('are short, and plain where a person reads them', () => {
    expect(formatCount(20000)).toBe('20,000');
    expect(formatNumber(0.001)).toBe('0.001');
    expect(formatNumber(12.3456)).toBe('12.3');
    expect(formatNumber(1e-12, 2)).toBe('1.0e-12');
    expect(formatNumber(0)).toBe('0');
  });
});

describe('cells', () => {
  it('are one short line each, whatever is in them', () => {
    const table = formatTable(
      ['id', 'n'],
      [
        ['a\nb\u001b[2J', 1],
        ['x'.repeat(900_000), 2],
      ],
    );
    expect(table.split('\n')).toHaveLength(3);
    expect(table).toContain('a\\u000ab\\u001b[2J');
    expect(table.length).toBeLessThan(2_000);
  });
});
