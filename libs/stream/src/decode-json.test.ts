import { describe, expect, it } from '@jest/globals';

import { decodeJson } from './decode-json.ts';

const decode = (text: string) => decodeJson(Buffer.from(text));

describe('decodeJson', () => {
  it('reads the first line of a file that begins with a byte order mark', () => {
    expect(decode('\ufeff{"a":"\ufeff"}')).toEqual({ value: { a: '\ufeff' } });
  });

  it('says what is not JSON, or not UTF-8', () => {
    expect(decode('\ufeff\ufeff{}')).toMatchObject({ reason: 'not_json' });
    expect(decode('{"a":')).toMatchObject({ reason: 'not_json', message: expect.stringContaining('{\\"a\\":') });
    expect(decodeJson(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ message: 'The value is not UTF-8 text.' });
  });
});
