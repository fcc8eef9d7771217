import { beforeAll, describe, expect, it } from '@jest/globals';
import { FrozenFlow } from '@flowline/engine';
import { at } from '@flowline/events';
import { initBackend, maf, radial, Random, realNVP, type Flow } from '@flowline/flows';

import { decodeLatents } from './decode-latents.ts';

describe('decodeLatents', () => {
  beforeAll(() => initBackend('cpu'));

  const sizes = { features: 4, context: 2, presence: [null, 0, null, null], seed: 1 };
  it.each([
    ['couplings', () => realNVP({ layers: 4, hidden: [16], ...sizes })],
    ['autoregressive maps', () => maf({ layers: 2, hidden: [16], ...sizes })],
    ['what only the flow itself inverts', () => radial({ layers: 2, hidden: [8], ...sizes })],
  ] satisfies [string, () => Flow][])('gives few rows of %s what it gives many', async (_name, make) => {
    const flow = make();
    const random = new Random(2);
    flow.assign((_parameter, shape) =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.3 * random.normal()),
    );
    const frozen = new FrozenFlow(flow);
    const n = 12;
    const z = Float32Array.from({ length: n * 4 }, () => random.normal());
    const context = Float32Array.from({ length: n * 2 }, (_, i) =>
      i % 2 === 0 ? Number(i % 4 === 0) : random.normal(),
    );
    // The latent of a missing feature is 0.
    for (let row = 0; row < n; row++) if (context[row * 2] === 0) z[row * 4 + 1] = 0;
    const many = await decodeLatents(frozen, z, context, n);
    for (let row = 0; row < n; row += 3) {
      const few = await decodeLatents(
        frozen,
        z.slice(row * 4, (row + 3) * 4),
        context.slice(row * 2, (row + 3) * 2),
        3,
      );
      few.forEach((value, i) =>
        expect(Math.abs(value - at(many, row * 4 + i))).toBeLessThan(1e-5 * (1 + Math.abs(value))),
      );
    }
    flow.dispose();
  });
});
