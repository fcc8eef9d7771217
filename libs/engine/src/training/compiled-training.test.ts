import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fit, initBackend, Random, realNVP } from '@flowline/flows';
import type { FitOptions, Flow } from '@flowline/flows';

import { fitCompiled } from './compiled-training.ts';
import { flatValues } from '../testing/random-flow.ts';

const ROWS = 600;
const moons = (): { x: Float32Array; size: number } => {
  const random = new Random(1);
  const x = new Float32Array(3 * ROWS);
  for (let i = 0; i < ROWS; i++) {
    const angle = Math.PI * random.uniform();
    x.set([Math.cos(angle) + 0.1 * random.normal(), Math.sin(angle) + 0.1 * random.normal(), random.normal()], 3 * i);
  }
  return { x, size: ROWS };
};
const options: FitOptions = { seed: 3, steps: 50, batchSize: 300, validationSplit: 0.2, learningRate: 2e-3 };

describe('compiled training', () => {
  const flows: Flow[] = [];
  const made = (): Flow => {
    const flow = realNVP({ features: 3, layers: 4, hidden: [16, 16], seed: 2 });
    flows.push(flow);
    return flow;
  };
  beforeAll(() => initBackend('cpu'));
  afterAll(() => flows.forEach((flow) => flow.dispose()));

  it.each<[string, Partial<FitOptions>]>([
    ['plainly', {}],
    ['with the robust loss', { robust: true }],
    [
      'with decay, warm-up, clipping and averaging',
      { weightDecay: 0.1, warmupSteps: 10, clipNorm: 0.5, averaging: 0.9 },
    ],
  ])('follows tfjs %s', async (_name, more) => {
    const [mine, theirs] = [made(), made()];
    const compiled = await fitCompiled(mine, { train: moons() }, { ...options, ...more, threads: 1 });
    const reference = await fit(theirs, { train: moons() }, { ...options, ...more });
    expect(compiled.bestValidationNll).toBeCloseTo(reference.bestValidationNll, 3);
    expect(compiled.trimmedShare).toBeCloseTo(reference.trimmedShare, 3);
    const [a, b] = [flatValues(mine), flatValues(theirs)];
    a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(2e-3));
  });

  it.each([2, 3])('gives the weights of one thread on %d, bit for bit', async (threads) => {
    const noisy: FitOptions = {
      ...options,
      steps: 30,
      robust: true,
      noise: { gaussian: new Float32Array(3).fill(0.1) },
    };
    const [one, several] = [made(), made()];
    await fitCompiled(one, { train: moons() }, { ...noisy, threads: 1 });
    await fitCompiled(several, { train: moons() }, { ...noisy, threads });
    expect([...flatValues(several)]).toEqual([...flatValues(one)]);
  });
});
