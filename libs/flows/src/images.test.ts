import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from './backend.ts';
import { realNVP } from './families/real-nvp.ts';
import { bitsPerDim, dequantizeImages, overPixels, toPixels } from './images.ts';
import { Random } from './random.ts';
import { perturb, taken } from './testing/mathematics.ts';

beforeAll(() => initBackend('wasm'));

const values = 17;
const pixels = [0, 3, 16, 8, 1, 15];
const images = { x: Uint8Array.from(pixels), size: 2 };

describe('images of whole-numbered pixels', () => {
  it('have the density of their logits, once what the map adds is counted', () => {
    const inner = perturb(realNVP({ features: 3, seed: 1 }), 2);
    const { y, logDet } = dequantizeImages(images, values, new Random(3));
    const expected = taken(inner.logProb(tf.tensor2d(y, [2, 3]))).map((logP, i) => logP + logDet[i]!);
    const noise = new Random(3);
    const x = pixels.map((pixel) => pixel + noise.uniform() - 0.5);
    taken(overPixels(inner, values).logProb(tf.tensor2d(x, [2, 3]))).forEach((logP, i) =>
      expect(logP).toBeCloseTo(expected[i]!, 3),
    );
  });

  it('give a proper density of the pixel values: it sums to 1 over the grey levels and what lies beyond', () => {
    const flow = overPixels(perturb(realNVP({ features: 1, layers: 2, seed: 1 }), 2), 4);
    const step = 0.002;
    const grid = Float32Array.from({ length: 30_000 }, (_, i) => -28 + (i + 0.5) * step);
    const density = taken(flow.logProb(tf.tensor2d(grid, [grid.length, 1]))).map((logP) => Math.exp(logP) * step);
    expect(density.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 3);
  });

  it('come back from logits of mid-grey noise, and samples are clipped to what a pixel can be', () => {
    expect([...toPixels([-3.2, -0.4, 7.6, 16.49, 90], values)]).toEqual([0, 0, 8, 16, 16]);
    const flow = overPixels(perturb(realNVP({ features: 3, seed: 1 }), 2), values);
    const x = tf.tensor2d(pixels, [2, 3]);
    expect([...toPixels(taken(flow.decode(flow.encode(x))), values)]).toEqual(pixels);
  });

  it('cost log₂ of the number of values per pixel where all are alike', () => {
    expect(bitsPerDim(3 * Math.log(256), 3)).toBeCloseTo(8, 12);
  });

  it.each([
    [17, '17'],
    [-1, '-1'],
    [0.5, '0.5'],
    [Number.NaN, 'NaN'],
  ])('refuse pixel %s', (pixel, shown) => {
    expect(() => dequantizeImages({ x: [0, pixel], size: 1 }, values, new Random(1))).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_FEATURES_INVALID',
        where: 'x[1]',
        message: `found pixel ${shown}, expected a whole number from 0 to 16`,
      }),
    );
  });

  it('refuse a map that is none', () => {
    expect(() => overPixels(realNVP({ features: 3, seed: 1 }), 1)).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_USAGE', where: 'overPixels.values' }),
    );
  });
});
