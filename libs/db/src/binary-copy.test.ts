import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { BinaryCopy } from './binary-copy.ts';

const field = (hex: string) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const copy = new BinaryCopy(0).startRow(1);
  return { bytes, copy };
};
const body = (copy: BinaryCopy) => at(copy.chunks(), 1);

describe('BinaryCopy', () => {
  it('frames rows as COPY BINARY has it', () => {
    const [header, rows, trailer] = new BinaryCopy().startRow(2).null().boolean(true).chunks();
    expect(header?.toString('hex')).toBe('5047434f50590aff0d0a000000000000000000');
    expect(rows?.toString('hex')).toBe('0002' + 'ffffffff' + '0000000101');
    expect(trailer?.toString('hex')).toBe('ffff');
  });

  it.each<[string, string, (copy: BinaryCopy) => BinaryCopy]>([
    ['int32', '00000004 fffffffe', (copy) => copy.int32(-2)],
    ['int64', '00000008 001fffffffffffff', (copy) => copy.int64(Number.MAX_SAFE_INTEGER)],
    ['negative int64', '00000008 ffffffffffffffff', (copy) => copy.int64(-1)],
    ['float8', '00000008 fff0000000000000', (copy) => copy.float8(-Infinity)],
    ['2000-01-01', '00000008 0000000000000000', (copy) => copy.timestamp(946_684_800_000)],
    ['1999-12-31T23:59:59.999Z', '00000008 fffffffffffffc18', (copy) => copy.timestamp(946_684_799_999)],
    ['a time before 4713 BC', '00000008 8000000000000000', (copy) => copy.timestamp(-8.64e15)],
    ['text', '00000003 c3a961', (copy) => copy.text('éa')],
    ['null text', 'ffffffff', (copy) => copy.text(null)],
    ['jsonb', '00000003 017b7d', (copy) => copy.jsonb('{}')],
    ['bytea', '00000002 00ff', (copy) => copy.bytea(Uint8Array.from([0, 255]))],
    ['empty float8[]', '0000000c 00000000 00000001 000002bd', (copy) => copy.float8Array(new Float64Array(0), 0, 0)],
    [
      'float8[] with a null',
      '00000024 00000001 00000001 000002bd 00000002 00000001 00000008 3ff0000000000000 ffffffff',
      (copy) => copy.float8Array(Float64Array.from([9, 1, NaN]), 1, 2),
    ],
    [
      'text[]',
      '0000001d 00000001 00000001 00000019 00000002 00000001 00000001 78 ffffffff',
      (copy) => copy.textArray(['x', null], 0, 2),
    ],
  ])('writes %s', (_name, hex, write) => {
    const { bytes, copy } = field(hex);
    expect(body(write(copy)).subarray(2).toString('hex')).toBe(bytes.toString('hex'));
  });

  it('refuses a time that is none', () => {
    expect(() => new BinaryCopy().startRow(1).timestamp(NaN)).toThrow(RangeError);
  });

  it('gives the same bytes from whatever size it starts, and from any row on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 400 }), fc.double()), { maxLength: 40 }),
        fc.nat(40),
        (rows, skip) => {
          const write = (size: number, from: number) => {
            const copy = new BinaryCopy(size);
            for (const [text, number] of rows.slice(from)) copy.startRow(2).text(text).float8(number);
            return copy;
          };
          const first = Math.min(skip, rows.length);
          const part = write(1_000_000, 0).chunks(first)[1];
          expect(part?.equals(body(write(0, first)))).toBe(true);
        },
      ),
    );
  });
});
