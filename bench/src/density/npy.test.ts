import { describe, expect, it } from '@jest/globals';

import { decodeNpy } from './npy.ts';
import { npy } from './testing.ts';

describe('decodeNpy', () => {
  it('reads float32 and uint8 arrays of any shape', () => {
    const floats = Float32Array.of(1.5, -2, 3, 0, 1e9, -0.25);
    expect(decodeNpy(npy([3, 2], floats), 'x')).toEqual({ shape: [3, 2], values: floats });
    const pixels = Uint8Array.of(0, 16, 255, 7);
    expect(decodeNpy(npy([1, 2, 2], pixels), 'x')).toEqual({ shape: [1, 2, 2], values: pixels });
    expect(decodeNpy(npy([4], pixels), 'x').shape).toEqual([4]);
  });

  it('reads them wherever they lie in a buffer', () => {
    const floats = Float32Array.of(4, 5);
    const inside = Buffer.concat([Buffer.alloc(3), npy([2, 1], floats)]).subarray(3);
    expect(decodeNpy(inside, 'x').values).toEqual(floats);
  });

  it.each([
    ['other bytes', Buffer.from('a,b\n1,2\n')],
    ['another type', Buffer.from(npy([1], Float32Array.of(1)).toString('latin1').replace('<f4', '<f8'), 'latin1')],
    ['columns first', Buffer.from(npy([1], Float32Array.of(1)).toString('latin1').replace('False', 'True '), 'latin1')],
    ['a cut file', npy([2], Float32Array.of(1, 2)).subarray(0, -1)],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodeNpy(bytes, 'train.npy')).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FILE_UNREADABLE', where: 'train.npy' }),
    );
  });
});
