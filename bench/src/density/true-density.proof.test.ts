import { describe, expect, it } from '@jest/globals';

import type { DataName } from './data.ts';
import { trueLogDensity } from './true-density.ts';

/**
 * Mass, and entropy in nats, by the midpoint rule on [−8, 8]². For a normal with σ ≥ 0.1 on cells
 * of width h = 0.1, aliasing is at most 2·exp(−2π²σ²/h²) < 1e-8 of its mass per axis (Poisson
 * summation), so that cells of this width lose nothing.
 */
function integrated(name: DataName): { mass: number; entropy: number } {
  const logDensity = trueLogDensity(name)!;
  const step = 0.1;
  const [cells, area] = [160, step ** 2];
  let [mass, entropy] = [0, 0];
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      const logP = logDensity(-8 + (i + 0.5) * step, -8 + (j + 0.5) * step);
      const p = Math.exp(logP) * area;
      if (p === 0) continue;
      mass += p;
      entropy -= p * logP;
    }
  }
  return { mass, entropy };
}

describe('the true densities of the toys', () => {
  it.each([
    ['toy_eight_gaussians', 1.69806],
    ['toy_two_moons', 1.00758],
    ['toy_two_spirals', 2.54062],
  ] as const)('%s integrates to 1 and has the entropy of its generator', (name, expected) => {
    const { mass, entropy } = integrated(name);
    expect(mass).toBeCloseTo(1, 6);
    expect(entropy).toBeCloseTo(expected, 4);
  });

  it('toy_banana is a normal across a parabola', () => {
    const logDensity = trueLogDensity('toy_banana')!;
    expect(logDensity(1.3, 1.3 ** 2 - 1)).toBeCloseTo(-Math.log(2 * Math.PI * 0.5) - 1.3 ** 2 / 2, 9);
    expect(logDensity(0, -1 + 0.5) - logDensity(0, -1)).toBeCloseTo(-0.5, 9);
  });

  it('toy_checkerboard is uniform on half of [−4, 4]², other data are not known', () => {
    expect(trueLogDensity('toy_checkerboard')!(1, -3)).toBeCloseTo(-Math.log(32), 9);
    expect(trueLogDensity('magic10')).toBeUndefined();
  });
});
