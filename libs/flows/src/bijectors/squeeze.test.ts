import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { taken } from '../testing/mathematics.ts';
import { Squeeze } from './squeeze.ts';

beforeAll(() => initBackend('wasm'));

describe('Squeeze', () => {
  it('puts the blocks of an image beside one another', () => {
    const squeeze = new Squeeze({ type: 'squeeze', height: 2, width: 4, channels: 1 });
    const [z] = squeeze.forwardAndLogDet(tf.tensor2d([[1, 2, 3, 4, 5, 6, 7, 8]]));
    expect([...taken(z)]).toEqual([1, 2, 5, 6, 3, 4, 7, 8]);
    expect([...taken(squeeze.moveObserved(tf.tensor2d([[1, 0, 1, 1, 1, 1, 1, 1]])))]).toEqual([1, 0, 1, 1, 1, 1, 1, 1]);
  });

  it('refuses sides that are odd', () => {
    expect(() => new Squeeze({ type: 'squeeze', height: 3, width: 4, channels: 1 })).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where: 'squeeze.height' }),
    );
  });
});
