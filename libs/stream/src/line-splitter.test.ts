import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LineSplitter } from './line-splitter.ts';

function split(chunks: readonly Uint8Array[], maxBytes: number) {
  const splitter = new LineSplitter(maxBytes);
  const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
  return lines.map(({ number, bytes }) => [number, Buffer.from(bytes).toString()]);
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

  it('numbers blank lines and leaves them out; accepts Windows line breaks', () => {
    expect(split([Buffer.from('a\r\n\r\n\nb')], 10)).toEqual([
      [0, 'a'],
      [3, 'b'],
    ]);
  });
});
