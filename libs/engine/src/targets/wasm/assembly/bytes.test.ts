import { describe, expect, it } from '@jest/globals';

import { float32, int32, name, signed, unsigned } from './bytes.ts';

describe('the binary encodings of WebAssembly', () => {
  it.each([
    [0, [0x00]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [624_485, [0xe5, 0x8e, 0x26]],
    [0xffff_ffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('unsigned %d', (value, bytes) => expect(unsigned(value)).toEqual(bytes));

  it.each([
    [0, [0x00]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123_456, [0xc0, 0xbb, 0x78]],
  ])('signed %d', (value, bytes) => expect(signed(value)).toEqual(bytes));

  it('floats, integers and names are little-endian', () => {
    expect(float32(1.5)).toEqual([0, 0, 0xc0, 0x3f]);
    expect(int32(-2)).toEqual([0xfe, 0xff, 0xff, 0xff]);
    expect(name('é')).toEqual([2, 0xc3, 0xa9]);
  });
});
