import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LineSplitter } from './line-splitter.ts';

function split(chunks: readonly Uint8Array[], maxBytes: number) {
  const splitter = new LineSplitter(maxBytes);
  const lines = [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), splitter.end()];
  return lines.flatMap((line) =>
    line === null || line.bytes.length === 0 ? [] : [[line.number, Buffer.from(line.bytes).toString()]],
  );
}

/** Digest after each line of a text that arrives in chunks of `size` bytes. */
function prefixes(text: string, size: number, maxBytes = 4): string[] {
  const splitter = new LineSplitter(maxBytes);
  const bytes = Buffer.from(text);
  const found: string[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    const chunk = bytes.subarray(start, start + size);
    for (const line of splitter.push(chunk)) found[line.number] = splitter.prefix();
    if (splitter.lines > 0) expect(splitter.prefix()).toBe(found[splitter.lines - 1]);
  }
  const last = splitter.end();
  if (last !== null) found[last.number] = splitter.prefix();
  return found;
}

describe('LineSplitter', () => {
  it('gives the lines of the text, however it is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '{', ' '), maxLength: 12 }), { maxLength: 12 }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 8 }),
        fc.boolean(),
        (texts, cuts, lastBreak) => {
          const bytes = Buffer.from(texts.join('\n') + (lastBreak ? '\n' : ''));
          const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
          const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
          const expected = texts.flatMap((text, number) => (text === '' ? [] : [[number, text]]));
          expect(split(chunks, 1000)).toEqual(expected);
        },
      ),
    );
  });

  it('keeps one byte more than the limit of a longer line, and goes on after it', () => {
    const chunks = ['x'.repeat(7), 'x'.repeat(7), 'x\nok\n12345'].map((text) => Buffer.from(text));
    expect(split(chunks, 4)).toEqual([
      [0, 'xxxxx'],
      [1, 'ok'],
      [2, '12345'],
    ]);
  });

  it('numbers blank lines; accepts Windows line breaks', () => {
    expect(split([Buffer.from('a\r\n\r\n\nb')], 10)).toEqual([
      [0, 'a'],
      [3, 'b'],
    ]);
  });

  describe('prefix', () => {
    const text = 'one\ntwo, far over the limit\n\r\nfour';

    it('depends on the content alone: not on chunks, the limit, line breaks or a missing last one', () => {
      const expected = prefixes(text, 1000, 1000);
      for (const size of [1, 2, 3, 7, 1000]) {
        expect(prefixes(text, size)).toEqual(expected);
        expect(prefixes(`${text}\n`, size)).toEqual(expected);
        expect(prefixes(`${text.replaceAll(/\r?\n/g, '\r\n')}\r\n`, size)).toEqual(expected);
      }
    });

    it('tells apart what differs anywhere before it, beyond the limit too', () => {
      const own = prefixes(text, 5);
      const other = prefixes(text.replace('limit', 'limes'), 5);
      expect(other[0]).toBe(own[0]);
      expect(other[1]).not.toBe(own[1]);
      expect(other[3]).not.toBe(own[3]);
      expect(prefixes('a\rb\n', 1)).not.toEqual(prefixes('ab\n', 1));
    });
  });
});
