import { describe, expect, it } from '@jest/globals';

import { imagePartition } from './image-partition.ts';

describe('imagePartition', () => {
  it('is what the schemes say', () => {
    const image = { height: 2, width: 3, channels: 1 };
    expect(imagePartition('checkerboard', image, 3)).toEqual([
      [0, 2, 4],
      [1, 3, 5],
      [0, 2, 4],
    ]);
    expect(imagePartition('checkerboard', { height: 1, width: 2, channels: 2 }, 1)).toEqual([[0, 1]]);
    expect(imagePartition('channels', { height: 1, width: 2, channels: 3 }, 2)).toEqual([
      [0, 1, 3, 4],
      [2, 5],
    ]);
  });

  it('transforms all where there is nothing to divide', () => {
    expect(imagePartition('checkerboard', { height: 1, width: 1, channels: 3 }, 2)).toEqual([[], []]);
    expect(imagePartition('channels', { height: 2, width: 2, channels: 1 }, 1)).toEqual([[]]);
  });
});
