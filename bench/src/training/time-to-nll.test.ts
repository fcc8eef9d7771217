import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FitProgress } from '@flowline/flows';
import { FlowError, initBackend } from '@flowline/flows';

import type { Trainer } from './engines.ts';
import { flowFor, timeToNll } from './time-to-nll.ts';

beforeAll(() => initBackend('wasm'));

const rows = { x: Float32Array.of(0, 0, 0, 0), size: 2 };
const data = { train: rows, validation: rows, test: rows };
const task = { steps: 4, validateEvery: 1, targetNll: 2 };
/** Log density of a row of zeros under a flow that starts at the identity. */
const nllAtStart = Math.log(2 * Math.PI);

/** A training with these validations, of which `seen` gets those that were reached. */
function validatesAs(nlls: readonly number[], seen: number[] = []): Trainer {
  return (_flow, _data, { onProgress, signal }) => {
    for (const validationNll of nlls) {
      seen.push(validationNll);
      onProgress?.({ validationNll } as FitProgress);
      if (signal?.aborted === true) return Promise.reject(new FlowError('FLOWLINE_ABORTED', 'cancelled', {}));
    }
    return Promise.resolve({} as Awaited<ReturnType<Trainer>>);
  };
}

describe('timeToNll', () => {
  it('ends the training at the first validation that is as good', async () => {
    const seen: number[] = [];
    const result = await timeToNll(validatesAs([3, 2, 1], seen), flowFor({ features: 2 }), data, task);
    expect(seen).toEqual([3, 2]);
    expect(result.seconds).toBeGreaterThanOrEqual(0);
    expect(result.nll).toBeCloseTo(nllAtStart, 5);
  });

  it('has no time if the steps end before', async () => {
    const result = await timeToNll(validatesAs([4, 3]), flowFor({ features: 2 }), data, task);
    expect(result.seconds).toBeNull();
    expect(result.nll).toBeCloseTo(nllAtStart, 5);
  });

  it('passes on whatever else ends a training', async () => {
    const failing: Trainer = () => Promise.reject(new Error('no memory'));
    await expect(timeToNll(failing, flowFor({ features: 2 }), data, task)).rejects.toThrow('no memory');
  });
});
