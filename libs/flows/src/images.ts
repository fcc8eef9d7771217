import { missing } from './at.ts';
import { Chain } from './bijectors/chain.ts';
import { PixelLogit } from './bijectors/pixel-logit.ts';
import { FlowError } from './flow-error.ts';
import { Flow } from './flow.ts';
import type { Random } from './random.ts';
import { checkValue } from './options/check-options.ts';
import { whole, withMethods } from './options/rules.ts';

/** α of logit(α + (1 − 2α)·u): keeps the darkest and the brightest pixel away from ±∞. */
const MARGIN = 0.05;

/**
 * Density of images whose pixels are whole numbers 0 … values − 1, from a flow over their logits. A
 * {@link PixelLogit} is prepended, and the new flow owns the given one. Rows are pixel values with
 * noise in [−½, ½]: train with `noise: { uniform }` of width 1 per pixel (uniform dequantisation;
 * Theis et al., 2016). Then E[−log p] is an upper bound on the bits of the integer images, see
 * {@link bitsPerDim}; {@link toPixels} converts samples to pixels.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = overPixels(realNVP({ features: 64, seed: 1 }), 17);   // 8 × 8 digits of 17 grey levels
 * const logP = flow.logProb(tf.fill([1, 64], 8));
 * ```
 */
export function overPixels(flow: Flow, values: number): Flow {
  checkValue('overPixels.flow', flow, withMethods('a Flow', 'logProb', 'toJSON'));
  checkValue('overPixels.values', values, whole(2));
  const { family } = flow;
  return new Flow({
    family,
    features: flow.features,
    context: flow.context,
    presence: flow.presence,
    base: flow.base,
    bijector: new Chain([new PixelLogit({ type: 'pixelLogit', values, margin: MARGIN }), flow.bijector]),
  });
}

/** Images as logits of dequantised pixels, and the term that this map adds to log p. */
export interface DequantizedImages {
  /** [size × d], row-major. */
  readonly y: Float32Array;
  /** log p(pixel values) = log p(y) + logDet, in nats: [size]. */
  readonly logDet: Float64Array;
}

/**
 * Uniform dequantisation outside of a flow: pixels 0 … values − 1, [size × d], get noise in [0, 1),
 * are scaled to u in [0, 1) and mapped to y = logit(α + (1 − 2α)·u), α = 0.05. The map is that of
 * {@link overPixels}, for models that take logits. Throws FLOWLINE_FEATURES_INVALID for a pixel
 * that is not a whole number in this range.
 */
export function dequantizeImages(
  rows: { readonly x: ArrayLike<number>; readonly size: number },
  values: number,
  random: Random,
): DequantizedImages {
  const d = rows.x.length / rows.size;
  const y = new Float32Array(rows.x.length);
  const logDet = new Float64Array(rows.size).fill(d * Math.log((1 - 2 * MARGIN) / values));
  for (let i = 0; i < y.length; i++) {
    const p = MARGIN + (1 - 2 * MARGIN) * ((checkedPixel(rows.x[i], values, i) + random.uniform()) / values);
    const [logP, logQ] = [Math.log(p), Math.log1p(-p)];
    y[i] = logP - logQ;
    const row = Math.floor(i / d);
    logDet[row] = (logDet[row] ?? missing(logDet, row)) - logP - logQ;
  }
  return { y, logDet };
}

/** Samples of {@link overPixels} as pixels: the nearest whole number within 0 … values − 1. */
export function toPixels(x: ArrayLike<number>, values: number): Uint8Array {
  return Uint8Array.from(x, (value) => Math.min(values - 1, Math.max(0, Math.round(value))));
}

/** Converts −log p of an image of d dimensions from nats to bits per dimension. */
export function bitsPerDim(nll: number, d: number): number {
  return nll / (d * Math.LN2);
}

function checkedPixel(pixel: number | undefined, values: number, at: number): number {
  if (pixel === undefined || !Number.isInteger(pixel) || pixel < 0 || pixel >= values) {
    throw new FlowError(
      'FLOWLINE_FEATURES_INVALID',
      `found pixel ${pixel ?? 'nothing'}, expected a whole number from 0 to ${values - 1}`,
      { where: `x[${at}]` },
    );
  }
  return pixel;
}
