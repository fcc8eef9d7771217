import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { neuralSpline } from '../families/neural-spline.ts';
import { realNVP } from '../families/real-nvp.ts';
import type { NamedVariables } from '../parameter.ts';

beforeAll(() => initBackend('wasm'));

const options = { features: 2, layers: 4, hidden: [256, 8], partition: 'halves', seed: 3 } as const;

/** Input at which each unit of the first layers bends, for units that see a single feature. */
function bends(variables: NamedVariables): number[] {
  return [...variables].flatMap(([name, kernel]) => {
    if (!name.endsWith('/w0')) return [];
    const biases = variables.get(name.replace(/w0$/, 'b0'))!.read();
    const weights = kernel.read();
    return [...biases].map((bias, unit) => {
      const own = Array.from(
        { length: weights.length / biases.length },
        (_, input) => weights[input * biases.length + unit]!,
      );
      const seen = own.filter((weight) => weight !== 0);
      return seen.length === 1 ? -bias / seen[0]! : NaN;
    });
  });
}

describe.each([
  ['couplings', realNVP],
  ['autoregressive maps', (own: typeof options) => neuralSpline({ ...own, conditioning: 'autoregressive' })],
])('spreadUnits, %s', (_what, make) => {
  it('bends the units of first layers at points of a standard normal, without it at 0', () => {
    const places = bends(make({ ...options, ...{ spreadUnits: true } }).variables);
    expect(places).toHaveLength(4 * 256);
    const mean = places.reduce((sum, place) => sum + place, 0) / places.length;
    const square = places.reduce((sum, place) => sum + place * place, 0) / places.length;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(1024));
    expect(Math.abs(square - 1)).toBeLessThan(4 * Math.sqrt(2 / 1024));
    expect(bends(make(options).variables).every((place) => place === 0)).toBe(true);
  });

  it('leaves the other weights and the flow at its start as they are', () => {
    const [plain, spread] = [make(options), make({ ...options, ...{ spreadUnits: true } })];
    for (const [name, parameter] of plain.variables) {
      if (!name.endsWith('/b0')) expect(spread.variables.get(name)!.read()).toEqual(parameter.read());
    }
    const x = tf.tensor2d([[0.5, -1]]);
    expect(spread.logProb(x).arraySync()).toEqual(plain.logProb(x).arraySync());
  });
});
