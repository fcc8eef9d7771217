import { at } from '@flowline/events';

import type { Image } from './png.ts';

/** Difference between two images. */
export interface Difference {
  /** Share of the blocks that differ. */
  readonly share: number;
  /** Rectangle around them, in pixels; null if none differs. */
  readonly where: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  } | null;
}

/** Edge of a block in pixels: edges of letters differ between machines, means hardly. */
const BLOCK = 8;
/** Difference between the means of a block, of 255, from which it differs. */
const LEAST = 14;

/**
 * Compares two images block by block, by the mean of each colour.
 * @throws Error if they differ in size.
 */
export function compareImages(one: Image, other: Image): Difference {
  const { width, height } = one;
  if (width !== other.width || height !== other.height)
    throw new Error(`${other.width} × ${other.height} pixels where ${width} × ${height} were expected`);
  const [columns, rows] = [Math.ceil(width / BLOCK), Math.ceil(height / BLOCK)];
  const [means, others] = [blockMeans(one), blockMeans(other)];
  const differing = Array.from({ length: columns * rows }, (_, block) => block).filter((block) =>
    [0, 1, 2].some((colour) => Math.abs(at(means, 3 * block + colour) - at(others, 3 * block + colour)) >= LEAST),
  );
  if (differing.length === 0) return { share: 0, where: null };
  const xs = differing.map((block) => (block % columns) * BLOCK);
  const ys = differing.map((block) => Math.floor(block / columns) * BLOCK);
  return {
    share: differing.length / (columns * rows),
    where: {
      ...{ left: Math.min(...xs), top: Math.min(...ys) },
      ...{ right: Math.min(width, Math.max(...xs) + BLOCK), bottom: Math.min(height, Math.max(...ys) + BLOCK) },
    },
  };
}

function blockMeans({ width, height, rgb }: Image): Float64Array {
  const columns = Math.ceil(width / BLOCK);
  const blocks = columns * Math.ceil(height / BLOCK);
  const [sums, counts] = [new Float64Array(3 * blocks), new Float64Array(blocks)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK);
      counts[block] = at(counts, block) + 1;
      for (let colour = 0; colour < 3; colour++)
        sums[3 * block + colour] = at(sums, 3 * block + colour) + at(rgb, 3 * (y * width + x) + colour);
    }
  }
  return sums.map((sum, i) => sum / at(counts, Math.floor(i / 3)));
}
