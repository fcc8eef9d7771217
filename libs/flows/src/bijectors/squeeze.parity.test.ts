import { beforeAll, describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { expectClose } from '../testing/expect-parity.ts';
import { luFactorsFrom } from '../testing/lu-factors.ts';
import { taken } from '../testing/mathematics.ts';
import { biasFrom, readParity } from '../testing/parity.ts';
import { Chain } from './chain.ts';
import { LuLinear } from './lu-linear.ts';
import { PerPixel } from './per-pixel.ts';
import { Permutation } from './permutation.ts';
import { Squeeze } from './squeeze.ts';

beforeAll(() => initBackend('wasm'));

const reference = readParity('glow_conv1x1_NCHW');

type Images = number[][][][];

/** Images [n × channels × height × width] as rows of pixels, channels last. */
const rowsOf = (images: Images) => {
  const [n, c, h, w] = [images.length, images[0]!.length, images[0]![0]!.length, images[0]![0]![0]!.length];
  const rows = tf.reshape<tf.Rank.R2>(tf.transpose(tf.tensor4d(images), [0, 2, 3, 1]), [n, h * w * c]);
  return { rows, height: h, width: w, channels: c };
};

describe('squeeze and the invertible 1 × 1 convolution against nflows', () => {
  (reference === undefined ? it.skip : it)('glow_conv1x1_NCHW', () => {
    const { weights, logAbsDet } = reference!;
    const of = (name: string) => weights[`_transforms.1.${name}`];
    const { rows, height, width, channels } = rowsOf(reference!.x as unknown as Images);
    const expected = rowsOf(reference!.z as unknown as Images).rows;
    const features = 4 * channels;
    const lu = new LuLinear({ type: 'luLinear', features });
    lu.variables
      .get('factors')!
      .assign(luFactorsFrom(of('lower_entries'), of('upper_entries'), of('unconstrained_upper_diag')));
    lu.variables.get('shift')!.assign(biasFrom(of('bias')));
    const order = of('permutation._permutation') as number[];
    const pixels = (height * width) / 4;
    const convolution = new Chain([new Permutation({ type: 'permutation', order }), lu]);
    const flow = new Chain([
      new Squeeze({ type: 'squeeze', height, width, channels }),
      new PerPixel(pixels, convolution),
    ]);
    const [z, logDet] = flow.forwardAndLogDet(rows);
    expectClose(taken(z), [...expected.dataSync()]);
    expectClose(taken(logDet), logAbsDet);
    const [x, inverseLogDet] = flow.inverseAndLogDet(expected);
    expectClose(taken(x), [...rows.dataSync()]);
    expectClose(
      taken(inverseLogDet).map((value) => -value),
      logAbsDet,
    );
    flow.dispose();
  });
});
