import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { canonicalJson, jsonText, plainText } from './json-text.ts';

const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

describe('jsonText', () => {
  it('keeps every text besides U+0000 and halves of surrogate pairs', () => {
    fc.assert(
      fc.property(anyText, anyText, (key, value) => {
        const clean = (text: string) => text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');
        expect(JSON.parse(jsonText([key, { value }]))).toEqual([clean(key), { value: clean(value) }]);
      }),
    );
  });

  it('leaves text alone that looks like an escape', () => {
    expect(JSON.parse(jsonText(['\\u0000', '\\\\ud800', '\\\0']))).toEqual(['\\u0000', '\\\\ud800', '\\\ufffd']);
    expect(jsonText({ 'a\0': NaN })).toBe('{"a\ufffd":null}');
  });
});

describe('plainText', () => {
  it('replaces U+0000 only', () => {
    expect(plainText('a\0b')).toBe('a\ufffdb');
    expect(plainText('a\\0b')).toBe('a\\0b');
  });
});

describe('canonicalJson', () => {
  it('does not depend on the order of keys, and does on the order of lists', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });
});
