import { beforeAll, describe, expect, it } from '@jest/globals';

import { initBackend } from '../backend.ts';
import { saveFlow } from '../checkpoint.ts';
import { realNVP } from '../families/real-nvp.ts';
import { mixtureRows } from '../testing/data.ts';
import { fit } from './fit.ts';
import type { FitData } from './fit-data.ts';

beforeAll(() => initBackend('wasm'));

describe('rows that are looked up', () => {
  it('train to the weights that the same rows in memory train to, bit for bit', async () => {
    const [train, validation] = [mixtureRows(500, 1), mixtureRows(100, 2)];
    const asked: number[] = [];
    const rowsAt = (indices: Int32Array) => {
      asked.push(...indices);
      const x = Float32Array.from([...indices].flatMap((row) => [...train.x.subarray(2 * row, 2 * row + 2)]));
      return { x, size: indices.length };
    };
    const trained = async (data: FitData['train']): Promise<Uint8Array> => {
      const flow = realNVP({ features: 2, layers: 2, hidden: [8], seed: 1 });
      await fit(flow, { train: data, validation }, { seed: 3, steps: 20, batchSize: 32 });
      const bytes = saveFlow(flow);
      flow.dispose();
      return bytes;
    };
    expect(await trained({ size: train.size, rowsAt })).toEqual(await trained(train));
    expect(Math.max(...asked)).toBeLessThan(train.size);
  });
});
