import type { FitOptions, Flow } from '@flowline/flows';
import { bitsPerDim, fit, logProbRows, multiScale, overPixels, Random } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';
import { at } from '@flowline/events';

import type { ImageSet } from './image-set.ts';

/** Bits per dimension of the test images: mean and standard error over images. */
export interface ImageDensity {
  readonly bitsPerDim: number;
  readonly standardError: number;
}

/**
 * Trains a multi-scale flow on the images. Uniform noise as wide as a grey level, redrawn at every
 * step, makes pixels continuous.
 */
export async function trainImages(
  images: ImageSet,
  options: { readonly levels: number; readonly steps: number; readonly hidden: readonly number[] },
  training: FitOptions,
): Promise<Flow> {
  const { height, width, values, train, validation } = images;
  const flow = overPixels(multiScale({ height, width, channels: 1, seed: training.seed, ...options }), values);
  const uniform = new Float32Array(height * width).fill(1);
  await fit(flow, { train, validation }, { noise: { uniform }, ...training });
  return flow;
}

/**
 * −log₂ p of the test images per pixel, with uniform noise as wide as a grey level. It is an upper
 * bound on that of the whole-numbered images.
 */
export async function density(flow: Flow, { test }: ImageSet, seed: number): Promise<ImageDensity> {
  const random = new Random(seed);
  const noisy = test.x.map((pixel) => pixel + random.uniform() - 0.5);
  const bits = (await logProbRows(flow, noisy, test.size)).map((logP) => bitsPerDim(-logP, flow.features));
  const mean = bits.reduce((sum, value) => sum + value, 0) / bits.length;
  const variance = bits.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (bits.length - 1);
  return { bitsPerDim: mean, standardError: Math.sqrt(variance / bits.length) };
}

/**
 * Draws n images with latents scaled by `temperature` < 1, which yields more likely images (Kingma
 * and Dhariwal, 2018).
 */
export function sampled(flow: Flow, n: number, temperature: number, seed: number): Float32Array {
  return tf.tidy(() => {
    const z = new Random(seed).normals(n * flow.features).map((value) => temperature * value);
    return Float32Array.from(flow.decode(tf.tensor2d(z, [n, flow.features])).dataSync());
  });
}

/**
 * Interpolates from one test image to another in `columns` steps through latent space, one line per
 * pair: z = cos φ·z_a + sin φ·z_b with φ from 0 to π/2 (Dinh et al., 2017), which keeps the length
 * of z typical of images.
 */
export function interpolated(flow: Flow, { test }: ImageSet, pairs: number, columns: number): Float32Array {
  const d = flow.features;
  return tf.tidy(() => {
    const latents = flow.encode(tf.tensor2d(test.x.slice(0, 2 * pairs * d), [2 * pairs, d])).dataSync();
    const z = new Float32Array(pairs * columns * d);
    for (let i = 0; i < z.length; i++) {
      const [line, j] = [Math.floor(i / d), i % d];
      const pair = Math.floor(line / columns);
      const angle = ((line % columns) / (columns - 1)) * (Math.PI / 2);
      const from = at(latents, 2 * pair * d + j);
      const to = at(latents, (2 * pair + 1) * d + j);
      z[i] = Math.cos(angle) * from + Math.sin(angle) * to;
    }
    return Float32Array.from(flow.decode(tf.tensor2d(z, [pairs * columns, d])).dataSync());
  });
}
