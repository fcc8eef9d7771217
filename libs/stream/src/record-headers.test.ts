import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fromStoredHeaders, toStoredHeaders } from './record-headers.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array)),
  fc.string().map((text) => Buffer.from(text)),
);
const header = fc.option(bytes, { nil: null });

describe('toStoredHeaders', () => {
  it('loses nothing: bytes, repeated names and empty values survive JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(header, fc.array(header))), (headers) => {
        const json = JSON.stringify(toStoredHeaders(headers));
        expect(json).not.toContain('\\u0000"');
        const read = fromStoredHeaders(JSON.parse(json) as ReturnType<typeof toStoredHeaders>);
        expect(Object.entries(read)).toEqual(Object.entries(headers));
      }),
    );
  });

  it('keeps names that every object has', () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>;
    expect(Object.entries(toStoredHeaders(headers))).toEqual(Object.entries(headers));
  });

  it('keeps text as text and marks what is none', () => {
    const headers = { trace: Buffer.from('é'), raw: Buffer.from([0xff, 0]), many: ['a', Buffer.from('b')], none: null };
    expect(toStoredHeaders(headers)).toEqual({ trace: 'é', raw: { base64: '/wA=' }, many: ['a', 'b'], none: null });
  });
});
