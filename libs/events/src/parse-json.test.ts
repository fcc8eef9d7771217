import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { Numeral } from './numeral.ts';
import { parseJson } from './parse-json.ts';

/** Shows a {@link Numeral} as its text, marked, and any other value as it is. */
const written = (value: unknown): unknown => (value instanceof Numeral ? `as written ${value.text}` : value);

describe('parseJson', () => {
  it.each(['9007199254740993', '1.0', '-0', '0.10', '1e3', '1E-7', '0.0000001', '12345678901234567890.5', '1e400'])(
    'keeps %s as it was written',
    (text) => {
      for (const around of [text, ` ${text}\n`]) expect(written(parseJson(around))).toBe(`as written ${text}`);
      expect(written((parseJson(`[{"a":${text},"b":"${text}"}]`) as { a: unknown }[])[0]?.a)).toBe(
        `as written ${text}`,
      );
      expect(parseJson(`{"b":"${text}"}`)).toEqual({ b: text });
      expect(Number(parseJson(text))).toBe(Number(text));
    },
  );

  it.each(['1', '-1.5', '0', '9007199254740991', '0.000001', '100'])('leaves %s a number', (text) => {
    expect(parseJson(`[1.0,${text}]`)).toEqual([new Numeral('1.0'), Number(text)]);
    expect(parseJson(text)).toBe(Number(text));
  });

  it('gives the text of every number back, and else what JSON.parse gives', () => {
    const digits = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.bigInt({ min: 0n, max: 10n ** 21n - 1n }),
        fc.oneof(
          fc.constant(''),
          fc.bigInt({ min: 10n ** 20n, max: 2n * 10n ** 20n - 1n }).map((n) => `.${String(n).slice(1)}`),
          fc.nat().map((n) => `.${n}`),
        ),
        fc.oneof(
          fc.constant(''),
          fc
            .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '-', '+'), fc.nat(999))
            .map((parts) => parts.join('')),
        ),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.string(), digits, (value, name, text, number) => {
        const inside = JSON.stringify(value);
        const json = `{"n":${number}, ${JSON.stringify(`k${name}`)}:[${JSON.stringify(text)},${inside}]}`;
        const parsed = parseJson(json) as Record<string, unknown>;
        const found = parsed.n;
        expect(found instanceof Numeral ? found.text : String(found)).toBe(number);
        expect(JSON.parse(JSON.stringify({ ...parsed, n: 0 }))).toEqual(
          JSON.parse(JSON.stringify({ ...(JSON.parse(json) as object), n: 0 })),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('parses what JSON.parse does, however deep, whichever numbers are in it', () => {
    const depth = 30_000;
    for (const number of ['1', '1.0']) {
      const inner = parseJson(`{"z":${number},"q":${'['.repeat(depth)}7${']'.repeat(depth)}}`) as { q: unknown };
      let levels = 0;
      for (let at: unknown = inner.q; Array.isArray(at); at = at[0]) levels++;
      expect(levels).toBe(depth);
    }
  });

  it('makes a property of every name, and refuses what JSON.parse refuses', () => {
    const value = parseJson('{"__proto__":1.0,"a":"\\"1.0"}') as object;
    expect(Object.entries(value)).toEqual([
      ['__proto__', new Numeral('1.0')],
      ['a', '"1.0'],
    ]);
    for (const text of ['', '1.', '{"a":1.0', '[1.0,]', '01']) expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});
