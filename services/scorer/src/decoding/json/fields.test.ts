import { FieldKind } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { JsonFields } from './fields.ts';

const names = ['x', 'y', 'kind', 'naïve', '__proto__'];

/**
 * Fields that were read, as JSON.parse would return them; undefined if the text was left to
 * JSON.parse.
 */
function read(fields: JsonFields, bytes: Uint8Array): Record<string, unknown> | undefined {
  if (!fields.read(bytes)) return undefined;
  const found: [string, unknown][] = [];
  for (const [field, name] of names.entries()) {
    const kind = fields.kind(field);
    if (kind === FieldKind.null) found.push([name, null]);
    if (kind === FieldKind.number) found.push([name, fields.number(field)]);
    if (kind === FieldKind.text) found.push([name, fields.text(field)]);
    if (kind === FieldKind.true || kind === FieldKind.false) found.push([name, kind === FieldKind.true]);
  }
  return Object.fromEntries(found);
}

/** The wanted fields of a JSON text, by JSON.parse. */
function parsed(bytes: Uint8Array): Record<string, unknown> {
  const value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as object;
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}

const of = (text: string) => read(new JsonFields(names), Buffer.from(text));

describe('JsonFields', () => {
  it.each([
    '{}',
    ' {\t"x" : 1 ,\r\n"y":-0.25 } ',
    '{"x":0,"y":-0,"kind":"a b"}',
    '{"x":1e3,"y":-2.5E-3,"kind":null}',
    '{"x":0.1234567890123456789,"y":123456789012345678901234567890,"kind":true}',
    '{"x":9007199254740993,"y":1e400,"kind":false}',
    '{"x":999999999999999,"y":0.000000000000001}',
    '{"naïve":"größer","kind":"日本","x":1}',
    '{"__proto__":3,"other":{"x":[1,{"y":"\\u00e9\\n"}],"z":{}},"list":[],"x":5}',
    '{"x":1,"x":2,"kind":"a","kind":7}',
  ])('reads %s', (text) => {
    expect(of(text)).toEqual(parsed(Buffer.from(text)));
  });

  it.each([
    '',
    '{',
    '{"x":1',
    '{"x":01}',
    '{"x":1.}',
    '{"x":.5}',
    '{"x":-}',
    '{"x":+1}',
    '{"x":1e}',
    '{"x":1e+}',
    '{"x":NaN}',
    '{"x":nul}',
    '{"x":1,}',
    '{,"x":1}',
    '{"x" 1}',
    '{"x":1 "y":2}',
    '{x:1}',
    "{'x':1}",
    '{"x":1}}',
    '{"x":1}{"y":2}',
    '{"kind":"a\nb"}',
    '{"other":"\\x"}',
    '{"other":"\\u12g4"}',
    '{"other":[1,]}',
    '{"other":{"a":}}',
    '{"other":{"a":1]}',
    '\ufeff{"x":1}',
  ])('leaves %j to JSON.parse, which refuses it', (text) => {
    expect(of(text)).toBeUndefined();
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  });

  it('leaves other values, escapes where they matter, wanted objects and great depth to JSON.parse', () => {
    for (const text of ['[]', '"x"', 'null', '1']) expect(of(text)).toBeUndefined();
    expect(of('{"\\u0078":1}')).toBeUndefined();
    expect(of('{"kind":"\\n"}')).toBeUndefined();
    expect(of('{"x":{"a":1}}')).toBeUndefined();
    expect(of(`{"other":${'['.repeat(40)}${']'.repeat(40)}}`)).toBeUndefined();
    expect(
      read(new JsonFields(names), Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])),
    ).toBeUndefined();
  });

  it('keeps nothing of the value before, whatever the order of its keys', () => {
    const fields = new JsonFields(names);
    for (const text of ['{"x":1,"y":2,"kind":"a"}', '{"y":3}', '{"kind":"b","x":4}', '{"a":0,"x":1,"y":2}', '{}']) {
      expect(read(fields, Buffer.from(text))).toEqual(parsed(Buffer.from(text)));
    }
  });

  it('means what JSON.parse says, or nothing, of any bytes', () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.bigInt().map(Number));
    const value = fc.oneof(
      { weight: 3, arbitrary: number },
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.jsonValue(),
    );
    const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names) }, fc.string());
    const object = fc.array(fc.tuple(name, value), { maxLength: 8 }).map((entries) => {
      const body = entries.map(([key, each]) => `${JSON.stringify(key)}:${JSON.stringify(each)}`);
      return `{${body.join(',')}}`;
    });
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 2 });
    const fields = new JsonFields(names);
    let taken = 0;
    fc.assert(
      fc.property(object, damage, (text, places) => {
        const bytes = Buffer.from(text);
        for (const [at, byte] of places) bytes[at % bytes.length] = byte;
        const found = read(fields, bytes);
        if (found === undefined) return;
        taken++;
        expect(found).toEqual(parsed(bytes));
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(300);
  });
});
