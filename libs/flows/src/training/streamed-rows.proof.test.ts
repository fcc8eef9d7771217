import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { saveFlow } from '../checkpoint.ts';
import { realNVP } from '../families/real-nvp.ts';
import { logProbRows } from '../log-prob-rows.ts';
import { Random } from '../random.ts';
import { mixtureLogDensity, mixtureRows } from '../testing/data.ts';
import { inChunks, rowsWithMissing } from '../testing/interruptible-training.ts';
import { fit } from './fit.ts';
import type { Rows } from '../rows.ts';
import type { RowStream } from './fit-data.ts';
import { StreamedRows } from './streamed-rows.ts';

/** Rows 0 … n − 1, with one feature and one context column each, in chunks of the given lengths. */
const counting = (n: number, lengths: readonly number[]): RowStream =>
  async function* () {
    for (let from = 0, i = 0; from < n; i++) {
      const to = Math.min(n, from + lengths[i % lengths.length]!);
      const x = Float32Array.from({ length: to - from }, (_, row) => from + row);
      await Promise.resolve();
      yield { x, context: x.map((value) => -value), size: to - from };
      from = to;
    }
  };

const source = (open: RowStream, capacity: number, start = { epoch: 0, taken: 0 }) =>
  new StreamedRows({
    open,
    flow: { features: 1, context: 1 },
    capacity,
    random: new Random(1),
    signal: undefined,
    start,
  });

async function taken(rows: StreamedRows, size: number): Promise<number[]> {
  const values: number[] = [];
  await rows.take(size, ({ x, context }, from, to) => {
    if (context![from]! + x[from]! !== 0) throw new Error('the context is that of another row');
    values[to] = x[from]!;
  });
  return values;
}

const inOrder = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const first = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('streamed rows', () => {
  it('gives each row once an epoch, shuffled anew, whatever the chunks', async () => {
    const rows = source(counting(100, [30]), 40);
    const epochs = [await taken(rows, 100), await taken(rows, 100)];
    for (const epoch of epochs) expect(inOrder(epoch)).toEqual(first(100));
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[0]).not.toEqual(first(100));
    const others = source(counting(100, [1, 0, 7, 64]), 40);
    expect([await taken(others, 100), await taken(others, 100)]).toEqual(epochs);
  });

  it('goes on from any position, in batches that span epochs', async () => {
    const rows = source(counting(50, [8]), 16);
    const all: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { position } = rows;
      const batch = await taken(rows, 13);
      all.push(...batch);
      expect(await taken(source(counting(50, [21]), 16, position), 13)).toEqual(batch);
    }
    expect(inOrder(all.slice(50, 100))).toEqual(first(50));
    expect(rows.position).toEqual({ epoch: 3, taken: 6 });
  });

  it('orders uniformly where a whole epoch is held', async () => {
    const rows = source(counting(4, [4]), 10);
    const counts = new Map<string, number>();
    for (let i = 0; i < 2400; i++) {
      const order = (await taken(rows, 4)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // χ² with 23 degrees of freedom: its 99.9 % quantile is 49.7.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0)).toBeLessThan(49.7);
  });

  it('holds no more rows than it was told, and reads no further', async () => {
    let read = 0;
    const rows = source(async function* () {
      for (; ; read++) {
        await Promise.resolve();
        yield { x: Float32Array.of(read), context: Float32Array.of(-read), size: 1 };
      }
    }, 20);
    await taken(rows, 100);
    expect(read).toBeLessThanOrEqual(120);
  });

  it('closes what it opened, and says what is wrong with a chunk', async () => {
    let closed = 0;
    const open = (chunk: Rows): RowStream =>
      async function* () {
        try {
          await Promise.resolve();
          for (;;) yield chunk;
        } finally {
          closed += 1;
        }
      };
    const good = source(open({ x: Float32Array.of(0), context: Float32Array.of(0), size: 1 }), 2);
    await taken(good, 3);
    await good.close();
    expect(closed).toBe(1);
    const bad: [Rows, string, RegExp][] = [
      [
        { x: Float32Array.of(1, 2), context: Float32Array.of(1), size: 1 },
        'FLOWLINE_FEATURES_INVALID',
        /2 values, expected 1 × 1/,
      ],
      [{ x: Float32Array.of(1), size: 1 }, 'FLOWLINE_FEATURES_INVALID', /0 values, expected 1 × 1/],
      [{ x: Float32Array.of(NaN), context: Float32Array.of(1), size: 1 }, 'FLOWLINE_FEATURES_INVALID', /NaN in row 0/],
      [{ x: new Float32Array(), context: new Float32Array(), size: -1 }, 'FLOWLINE_USAGE', /found -1/],
    ];
    for (const [chunk, code, message] of bad) {
      await expect(taken(source(open(chunk), 2), 1)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
        where: expect.stringContaining('epoch 0, chunk 0'),
      });
    }
    await expect(taken(source(counting(0, [1]), 2), 1)).rejects.toMatchObject({ code: 'FLOWLINE_FEATURES_INVALID' });
    await expect(taken(source(counting(5, [5]), 2, { epoch: 1, taken: 6 }), 1)).rejects.toMatchObject({
      where: 'resume',
    });
  });
});

describe('fit on a stream', () => {
  beforeAll(() => initBackend('wasm'));

  it('comes within 0.05 nats of a known density, and leaks no tensor', async () => {
    const all = mixtureRows(6000, 1);
    const flow = realNVP({ features: 2, layers: 6, hidden: [24, 24], partition: 'pairs', finalAffine: true, seed: 3 });
    const opened: number[] = [];
    const train: RowStream = async function* (epoch) {
      opened.push(epoch);
      for (let from = 0; from < all.size; from += 500) {
        await Promise.resolve();
        yield { x: all.x.subarray(2 * from, 2 * (from + 500)), size: 500 };
      }
    };
    const before = tf.memory().numTensors;
    await fit(
      flow,
      { train, validation: mixtureRows(500, 2) },
      {
        seed: 1,
        steps: 300,
        batchSize: 192,
        learningRate: 5e-3,
        shuffleRows: 1000,
      },
    );
    expect(tf.memory().numTensors).toBe(before);
    // 2,048 rows for initialisation and 300 batches of 192, with up to 1,000 rows read ahead.
    expect(opened).toEqual(first(10));
    const test = mixtureRows(3000, 9);
    const logP = await logProbRows(flow, test.x, test.size);
    const gap =
      logP.reduce((sum, v, i) => sum + mixtureLogDensity(test.x[2 * i]!, test.x[2 * i + 1]!) - v, 0) / test.size;
    expect(gap).toBeLessThan(0.05);
  });

  it('gives the same weights whatever the chunks', async () => {
    const rows = rowsWithMissing(300, 1);
    const trained = async (lengths: readonly number[]) => {
      const flow = realNVP({ features: 2, context: 1, layers: 2, hidden: [4], seed: 1 });
      await fit(flow, { train: () => inChunks(rows, lengths), validation: rows }, { seed: 1, steps: 10, batchSize: 8 });
      return saveFlow(flow);
    };
    expect(await trained([1])).toEqual(await trained([300]));
  });

  it('can be cancelled while the stream keeps it waiting', async () => {
    const cancelled = new AbortController();
    const never: RowStream = async function* () {
      yield mixtureRows(2058, 1); // the initialisation batch, two training batches, and two buffered rows
      setTimeout(() => cancelled.abort(), 1);
      await new Promise(() => undefined);
    };
    const flow = realNVP({ features: 2, layers: 1, hidden: [4], seed: 1 });
    const training = fit(
      flow,
      { train: never, validation: mixtureRows(10, 2) },
      {
        seed: 1,
        steps: 50,
        batchSize: 4,
        shuffleRows: 2,
        signal: cancelled.signal,
        onCheckpoint: ({ step }) => expect(step).toBe(2),
      },
    );
    await expect(training).rejects.toMatchObject({
      code: 'FLOWLINE_ABORTED',
      message: expect.stringMatching(/after 2 of 50/),
    });
  });

  it("passes on the stream's own error", async () => {
    const broken: RowStream = async function* () {
      yield mixtureRows(10, 1);
      await Promise.reject(new Error('the disk is gone'));
    };
    const flow = realNVP({ features: 2, layers: 1, hidden: [4], seed: 1 });
    const training = fit(flow, { train: broken, validation: mixtureRows(10, 2) }, { seed: 1, steps: 50 });
    await expect(training).rejects.toThrow('the disk is gone');
  });
});
