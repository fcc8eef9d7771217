import { beforeAll, describe, expect, it } from '@jest/globals';

import type { Rows } from '@flowline/flows';
import { initBackend, Random } from '@flowline/flows';

import type { DensityData } from './data.ts';
import { fittedBase } from './fitted-base.ts';
import { bestKernelEstimate } from './kernel-estimate.ts';

beforeAll(() => initBackend('wasm'));

type Draw = (random: Random) => readonly [x: number, y: number];

function drawn(draw: Draw, size: number, seed: number): Rows {
  const random = new Random(seed);
  return { x: Float32Array.from(Array.from({ length: size }, () => draw(random)).flat()), size };
}

function dataOf(draw: Draw): DensityData {
  const [train, validation, test] = [drawn(draw, 4000, 1), drawn(draw, 300, 2), drawn(draw, 10, 3)];
  return {
    ...{ name: 'toy_banana', kind: 'toy', features: 2, values: 0, trueTestNll: null, steps: 1, batch: 1 },
    ...{ train, validation, test },
  };
}

const fourModes: Draw = (random) => [
  30 * random.integer(2) + random.normal(),
  100 + 20 * random.integer(2) + random.normal(),
];
const squares: Draw = (random) => {
  const [x, y] = [random.integer(4), 2 * random.integer(2)];
  return [x + random.uniform(), y + (x % 2) + random.uniform()];
};

describe('fittedBase', () => {
  it('is a mixture around the modes of data that come in a few, where a first ActNorm puts them', () => {
    const base = fittedBase(dataOf(fourModes), 1);
    expect(base.config).toMatchObject({ type: 'gaussianMixture', features: 2 });
    const means = base.variables.get('means')!.read();
    // Standardised, the modes are at (±1, ±1), with a width of about 0.07.
    for (const mean of means) expect(Math.abs(Math.abs(mean) - 1)).toBeLessThan(0.3);
    base.dispose();
  });

  it('is the standard normal for data with edges', () => {
    expect(fittedBase(dataOf(squares), 1).config.type).toBe('standardNormal');
  });
});

describe('bestKernelEstimate', () => {
  it('is the density of the kernels, at the bandwidth that suits the rows', () => {
    const train = { x: Float32Array.of(0, 0, 3, 0), size: 2 };
    const at = (x: number) => bestKernelEstimate(train, { x: Float32Array.of(x, 0), size: 1 }, 2);
    const kernel = (distance: number, h: number) => -Math.log(2 * 2 * Math.PI * h * h) - distance ** 2 / (2 * h * h);
    expect(at(0)).toBeCloseTo(kernel(0, 0.025), 6);
    expect(at(0.3)).toBeCloseTo(kernel(0.3, 0.1), 6);
    expect(at(1.5)).toBeCloseTo(kernel(1.5, 0.1) + Math.LN2, 6);
  });

  it('comes near the density that the rows are from', () => {
    const normal: Draw = (random) => [random.normal(), random.normal()];
    const [train, rows] = [drawn(normal, 3000, 1), drawn(normal, 300, 2)];
    const truth = rows.x.reduce((sum, z) => sum - 0.5 * (z * z + Math.log(2 * Math.PI)), 0) / rows.size;
    const found = bestKernelEstimate(train, rows, 2);
    expect(found).toBeLessThan(truth);
    expect(found).toBeGreaterThan(truth - 0.15);
  });
});
