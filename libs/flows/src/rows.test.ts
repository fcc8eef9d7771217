import { inspect } from 'node:util';

import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from './backend.ts';
import { iaf } from './families/iaf.ts';
import { maf } from './families/maf.ts';
import { multiScale } from './families/multi-scale.ts';
import { planar } from './families/planar.ts';
import { realNVP } from './families/real-nvp.ts';
import { logProbRows } from './log-prob-rows.ts';
import type { NumberRows } from './rows.ts';
import { toRows } from './rows.ts';
import { perturb, taken } from './testing/mathematics.ts';

beforeAll(() => initBackend('wasm'));

const bad: [string, unknown, RegExp][] = [
  ['ragged rows', [[1, 2], [3]], /found 1 values in row 1, expected 2/],
  [
    'NaN',
    [
      [1, 2],
      [3, Number.NaN],
    ],
    /found NaN in row 1, column 1/,
  ],
  ['infinity', [[-Infinity, 2]], /found -Infinity in row 0, column 0/],
  ['a number beyond float32', [[1, 1e39]], /found 1e\+39 in row 0, column 1; expected a number that float32 holds/],
  ['null', [[1, null]], /found null in row 0, column 1/],
  ['text', [[1, '2']], /found "2" in row 0, column 1/],
  ['a hole', [[1, undefined]], /found nothing in row 0, column 1/],
  ['no rows', [], /found no rows/],
  ['a row that is a number', [1, 2], /found 1 as row 0, expected an array of numbers/],
];

describe('toRows', () => {
  it('lays rows and their context out row by row', () => {
    const rows = [
      [1, 2.5],
      [-3, 4],
      [0, 1e-3],
    ];
    expect(toRows(rows, [[7], [8], [9]])).toEqual({
      x: Float32Array.of(1, 2.5, -3, 4, 0, 1e-3),
      context: Float32Array.of(7, 8, 9),
      size: 3,
    });
    expect(toRows([Float64Array.of(1, 2)])).toEqual({ x: Float32Array.of(1, 2), size: 1 });
  });

  it.each([...bad, ['rows without values', [[], []], /without values/], ['nothing', undefined, /found nothing/]])(
    'refuses %s',
    (_name, rows, message) => {
      expect(() => toRows(rows as NumberRows)).toThrow(
        expect.objectContaining({
          code: 'FLOWLINE_FEATURES_INVALID',
          where: 'x',
          message: expect.stringMatching(message),
        }),
      );
    },
  );

  it('refuses a context of another length', () => {
    expect(() => toRows([[1], [2]], [[1]])).toThrow(
      expect.objectContaining({ where: 'context', message: 'found 1 rows of context, expected 2' }),
    );
  });
});

describe('a flow over arrays', () => {
  // More rows than fit in a chunk.
  const x = Array.from({ length: 2500 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
  const context = x.map(([a = 0]) => [a > 0 ? 1 : 0]);
  const plain = () => perturb(realNVP({ features: 2, layers: 4, hidden: [8], seed: 1 }), 2);
  const conditional = () => perturb(realNVP({ features: 2, context: 1, layers: 4, hidden: [8], seed: 1 }), 2);

  it('comes back from its latents, in chunks, and leaves no tensor', () => {
    const flow = conditional();
    const before = tf.memory().numTensors;
    const z = flow.encodeRows(x, context);
    const back = flow.decodeRows(z, context);
    expect(z).toHaveLength(2500);
    const known = x.flat();
    const errors = back.flat().map((value, k) => Math.abs(value - known[k]!));
    expect(errors).toHaveLength(5000);
    expect(Math.max(...errors)).toBeLessThan(1e-4);
    expect(flow.sampleRows(3, { seed: 1, context: [[0], [1], [0]] })).toHaveLength(3);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what its tensors say', async () => {
    const flow = plain();
    const few = x.slice(0, 5);
    const tensor = tf.tensor2d(few);
    expect(flow.encodeRows(few).flat()).toEqual([...taken(flow.encode(tensor))]);
    expect(flow.sampleRows(4, { seed: 3 }).flat()).toEqual([...taken(flow.sample(4, { seed: 3 }))]);
    const logP = [...taken(flow.logProb(tensor))];
    expect([...taken(flow.logProb(few))]).toEqual(logP);
    expect([...(await logProbRows(flow, few))]).toEqual(logP);
    expect([...(await logProbRows(flow, toRows(few)))]).toEqual(logP);
    expect(await logProbRows(conditional(), few, context.slice(0, 5))).toHaveLength(5);
  });

  it('samples the standard normal as it starts: moments within 5 standard errors', () => {
    const samples = realNVP({ features: 2, layers: 2, hidden: [4], seed: 1 }).sampleRows(4000, { seed: 5 });
    const mean = samples.reduce((sum, [a = 0]) => sum + a, 0) / 4000;
    const square = samples.reduce((sum, [, b = 0]) => sum + b * b, 0) / 4000;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(4000));
    expect(Math.abs(square - 1)).toBeLessThan(5 * Math.sqrt(2 / 4000));
  });

  it.each(bad)('refuses %s', async (_name, rows, message) => {
    const error = { code: 'FLOWLINE_FEATURES_INVALID', message: expect.stringMatching(message) };
    const flow = plain();
    for (const act of [() => flow.encodeRows(rows as NumberRows), () => flow.logProb(rows as NumberRows)]) {
      expect(act).toThrow(expect.objectContaining(error));
    }
    await expect(logProbRows(flow, rows as NumberRows)).rejects.toMatchObject(error);
  });

  it('refuses rows of another width, and what is neither array nor tensor', () => {
    expect(() => plain().encodeRows([[1, 2, 3]])).toThrow(/found 3 values in row 0, expected 2/);
    expect(() => plain().encodeRows([[1, 2]], [[1]])).toThrow(expect.objectContaining({ where: 'context' }));
    expect(() => conditional().encodeRows([[1, 2]])).toThrow(expect.objectContaining({ where: 'context' }));
    expect(() => plain().logProb(7 as never)).toThrow(/found 7, expected rows of shape \[n ≥ 1, 2\]/);
  });
});

describe('a flow in one line', () => {
  it.each([
    // Parameters: 4·((1 + 1)·8 + (8 + 1)·2 + 2·2); 2 weights, 2 of the context and 2 biases;
    // 16·(2 + 2 + 1).
    [
      () => realNVP({ features: 2, layers: 4, hidden: [8], seed: 1 }),
      'Flow(realNVP, 2 features, 4 layers, 152 parameters)',
    ],
    [
      () => realNVP({ features: 1, context: 1, layers: 1, hidden: [], actNorm: false, seed: 1 }),
      'Flow(realNVP, 1 feature, 1 context column, 1 layer, 6 parameters)',
    ],
    [() => maf({ features: 3, seed: 1 }), /^Flow\(maf, 3 features, 5 layers, [\d,]+ parameters\)$/],
    [() => iaf({ features: 3, layers: 2, seed: 1 }), /^Flow\(iaf, 3 features, 2 layers, /],
    [() => planar({ features: 2, seed: 1 }), 'Flow(planar, 2 features, 16 layers, 80 parameters)'],
    [
      () => multiScale({ height: 2, width: 2, channels: 1, steps: 2, hidden: [4], seed: 1 }),
      /^Flow\(multiScale, 4 features, 6 layers, /,
    ],
  ])('says family, size and parameters: %#', (make, line) => {
    const flow = make();
    expect(String(flow)).toEqual(typeof line === 'string' ? line : expect.stringMatching(line));
    expect(inspect(flow)).toBe(String(flow));
    expect(inspect({ flow }, { depth: 0 })).toContain(String(flow));
  });
});
