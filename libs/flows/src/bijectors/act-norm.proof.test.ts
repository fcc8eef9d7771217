import { beforeAll, describe, expect, it } from '@jest/globals';

import { initBackend } from '../backend.ts';
import { glow } from '../families/glow.ts';
import { iaf } from '../families/iaf.ts';
import { maf } from '../families/maf.ts';
import { neuralSpline } from '../families/neural-spline.ts';
import { realNVP } from '../families/real-nvp.ts';
import { Random } from '../random.ts';
import { fit } from '../training/fit.ts';

beforeAll(() => initBackend('wasm'));

/** Two columns of standard normals and a constant one, optionally with float32 rounding noise. */
function rowsOf(size: number, seed: number, constant: number, ulps = 0) {
  const random = new Random(seed);
  const x = Float32Array.from({ length: 3 * size }, (_, k) =>
    k % 3 < 2 ? random.normal() : constant * (1 + ulps * 2 ** -23 * (random.integer(3) - 1)),
  );
  return { x, size };
}

describe('a flow with ActNorm', () => {
  const families = [
    ['realNVP', realNVP],
    ['glow', glow],
    ['maf', maf],
    ['iaf', iaf],
    ['neuralSpline', neuralSpline],
  ] as const;
  it.each(families)(
    '%s fits rows with a constant column: no worse than a standard normal of each feature',
    async (_, make) => {
      for (const [constant, ulps] of [
        [300, 0],
        [1, 1],
      ] as const) {
        const flow = make({ features: 3, layers: 3, hidden: [8], seed: 1 });
        const { bestValidationNll } = await fit(
          flow,
          { train: rowsOf(1000, 1, constant, ulps), validation: rowsOf(200, 2, constant, ulps) },
          { seed: 1, steps: 10, validateEvery: 10, batchSize: 64 },
        );
        // ½·log(2πe) per normal feature and ½·log(2π) for the constant one, plus half a nat for the
        // short training.
        expect(bestValidationNll).toBeLessThan(2 * 1.419 + 0.919 + 0.5);
        flow.dispose();
      }
    },
  );
});
