import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { printable, printableJson, printableLines, quoteText } from './printable.ts';

/**
 * Characters that a terminal acts on: C0, DEL, C1, separators, bidirectional controls; and lone
 * surrogates.
 */
const OBEYED =
  // eslint-disable-next-line no-control-regex -- the characters in question
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;

const hostile = fc.constantFrom('\u001b', '\r', '\n', '\u0007', '\u0085', '\u009b', '\u202e', '\u2066', '\ud83d', '😀');
const anyText = fc
  .array(fc.oneof(hostile, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), { maxLength: 60 })
  .map((parts) => parts.join(''));

describe('printable', () => {
  it('has no character that a terminal obeys, and a bounded length, for any text', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 300 }), (text, most) => {
        const printed = printable(text, most);
        expect(printed).not.toMatch(OBEYED);
        expect(printed.length).toBeLessThanOrEqual(most);
      }),
      { numRuns: 500 },
    );
  });

  it('shows escapes, and leaves text alone that needs none', () => {
    expect(printable('a\u001b[31mred\u0007\r\n\u009b2J\u202e')).toBe(
      'a\\u001b[31mred\\u0007\\u000d\\u000a\\u009b2J\\u202e',
    );
    expect(printable('Zürich 12.5 µs — 東京 👩‍👩‍👧 "x" \\ −3')).toBe('Zürich 12.5 µs — 東京 👩‍👩‍👧 "x" \\ −3');
  });

  it('ends what is too long with an ellipsis, between two characters and never within an escape', () => {
    expect(printable('abcdef', 5)).toBe('abcd…');
    expect(printable('abcde', 5)).toBe('abcde');
    expect(printable('abc😀def', 5)).toBe('abc…');
    expect(printable('ab\u001bc', 7)).toBe('ab…');
    expect(printable('x'.repeat(900_000))).toHaveLength(200);
  });
});

describe('printableLines', () => {
  it('keeps line breaks, and nothing else that a terminal obeys', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = printableLines(text, 5).split('\n');
        expect(lines.length).toBeLessThanOrEqual(6);
        for (const line of lines) expect(line).not.toMatch(OBEYED);
      }),
    );
    expect(printableLines('a\r\nb\rc\nd', 2)).toBe('a\nb\\u000dc\n…');
  });
});

describe('printableJson', () => {
  it('means the same, and has nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ id: anyText })), (value) => {
        const json = printableJson(JSON.stringify(value));
        expect(json).not.toMatch(OBEYED);
        expect(JSON.parse(json)).toEqual(value);
      }),
    );
  });
});

describe('quoteText', () => {
  it('quotes the beginning of a text in one line', () => {
    expect(quoteText('a "b"\n\u009b', 40)).toBe('"a \\"b\\"\\n\\u009b"');
    expect(quoteText('abc😀def', 5)).toBe('"abc…"');
    fc.assert(
      fc.property(anyText, (text) => {
        const quoted = quoteText(text, 40);
        expect(quoted).not.toMatch(OBEYED);
        expect((JSON.parse(quoted) as string).length).toBeLessThanOrEqual(40);
      }),
    );
  });
});
