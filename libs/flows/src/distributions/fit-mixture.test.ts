import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';
import { taken } from '../testing/mathematics.ts';
import { fitMixture } from './fit-mixture.ts';
import type { GaussianMixture } from './gaussian-mixture.ts';

beforeAll(() => initBackend('wasm'));

const modes = [
  { weight: 0.2, centre: [-3, 1], deviations: [0.5, 1] },
  { weight: 0.3, centre: [0, -2], deviations: [1, 0.3] },
  { weight: 0.5, centre: [4, 2], deviations: [0.4, 0.4] },
] as const;

/** Rows drawn from the three modes. */
function drawn(size: number, seed: number) {
  const random = new Random(seed);
  const x = new Float32Array(2 * size);
  for (let row = 0; row < size; row++) {
    const share = random.uniform();
    const { centre, deviations } = modes[share < 0.2 ? 0 : share < 0.5 ? 1 : 2];
    for (const j of [0, 1] as const) x[2 * row + j] = centre[j] + deviations[j] * random.normal();
  }
  return { x, size };
}

const rows = { train: drawn(4000, 1), validation: drawn(1000, 2) };

const meanLogP = (mixture: GaussianMixture, { x, size }: { readonly x: Float32Array; readonly size: number }) =>
  taken(tf.tidy(() => tf.mean(mixture.logProb(tf.tensor2d(x, [size, 2])))))[0]!;

describe('fitMixture', () => {
  it('finds the weights, centres and deviations of separate modes', () => {
    const mixture = fitMixture(rows, { features: 2, components: [3], seed: 1 });
    const read = (name: string) => mixture.variables.get(name)!.read();
    const [logits, means, logScales] = [read('logits'), read('means'), read('logScales')];
    const order = [0, 1, 2].sort((a, b) => means[2 * a]! - means[2 * b]!);
    for (const [i, { weight, centre, deviations }] of modes.entries()) {
      const at = order[i]!;
      const count = weight * rows.train.size;
      expect(Math.abs(Math.exp(logits[at]!) - weight)).toBeLessThan(
        4 * Math.sqrt((weight * (1 - weight)) / rows.train.size),
      );
      for (const j of [0, 1] as const) {
        const deviation = Math.exp(logScales[2 * at + j]!);
        expect(Math.abs(means[2 * at + j]! - centre[j])).toBeLessThan((4 * deviations[j]) / Math.sqrt(count));
        expect(Math.abs(deviation - deviations[j])).toBeLessThan((4 * deviations[j]) / Math.sqrt(2 * count));
      }
    }
    mixture.dispose();
  });

  it('takes the number of components that explains the validation rows best', () => {
    const few = { train: drawn(60, 3), validation: rows.validation };
    const mixture = fitMixture(few, { features: 2, components: [1, 2, 3, 30], seed: 1 });
    expect(mixture.config.components).toBe(3);
    mixture.dispose();
  });

  it('never gets worse by a pass over the training rows', () => {
    const reached = [1, 2, 4, 8, 16, 32].map((passes) => {
      const mixture = fitMixture(rows, { features: 2, components: [8], seed: 2, passes });
      const logP = meanLogP(mixture, rows.train);
      mixture.dispose();
      return logP;
    });
    reached.slice(1).forEach((logP, i) => expect(logP).toBeGreaterThan(reached[i]! - 1e-5));
    expect(reached.at(-1)! - reached[0]!).toBeGreaterThan(0.02);
  });

  it('stays finite for constant features and repeated rows, and is the same for the same seed', () => {
    const x = Float32Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? 7 : Math.floor(at / 100)));
    const data = { train: { x, size: 100 }, validation: { x, size: 100 } };
    const fit = () => fitMixture(data, { features: 2, components: [4], seed: 1 });
    const [first, second] = [fit(), fit()];
    for (const [name, parameter] of first.variables) {
      expect(parameter.read().every(Number.isFinite)).toBe(true);
      expect(parameter.read()).toEqual(second.variables.get(name)!.read());
    }
    for (const mixture of [first, second]) mixture.dispose();
  });

  it('refuses rows that are not finite', () => {
    const train = { x: Float32Array.of(0, 1, NaN, 1), size: 2 };
    expect(() => fitMixture({ ...rows, train }, { features: 2, components: [1], seed: 1 })).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }),
    );
  });
});
