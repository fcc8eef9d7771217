import { describe, expect, it } from '@jest/globals';

import { NumpyRandom } from './numpy-random.ts';
import { splitRows } from './protocols.ts';

describe('NumpyRandom', () => {
  it('draws what numpy.random.RandomState(1000) draws', () => {
    const random = new NumpyRandom(1000);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([2807145907, 882709079, 493951047]);
    const order = new NumpyRandom(1000).permutation(Int32Array.from({ length: 10 }, (_, i) => i));
    expect([...order]).toEqual([2, 6, 5, 1, 4, 9, 0, 8, 7, 3]);
  });
});

describe('splitRows', () => {
  const labels = Uint8Array.from({ length: 25 }, (_, i) => (i % 5 === 0 ? 1 : 0));

  // Of shared/peers/detection_data.py.
  it('splits as the Python programs do: half of the normal rows, and the anomalies only to test', () => {
    const { train, test } = splitRows(labels, 'one-class', 0);
    expect([...train]).toEqual(ONE_CLASS.train);
    expect([...test]).toEqual(ONE_CLASS.test);
  });

  it('splits 70 % of each class, with halves rounded to even', () => {
    const { train, test } = splitRows(labels, 'contaminated', 2);
    expect([...train]).toEqual(CONTAMINATED.train);
    expect([...test]).toEqual(CONTAMINATED.test);
  });

  it('refuses a split without a row of either class to test on, which would measure nothing', () => {
    const single = Uint8Array.from({ length: 30 }, (_, i) => (i === 7 ? 1 : 0));
    expect(() => splitRows(single, 'contaminated', 0)).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_HISTORY_TOO_SMALL',
        message: 'The protocol contaminated leaves no anomaly to test on.',
      }),
    );
    expect(splitRows(single, 'one-class', 0).test).toHaveLength(16);
    const anomalies = single.map((label) => 1 - label);
    expect(() => splitRows(anomalies, 'contaminated', 0)).toThrow(/leaves no normal row to test on/);
  });

  it('draws other rows with another seed, and at most 10,000', () => {
    const many = new Uint8Array(30_000);
    many[0] = 1;
    const [first, second] = [splitRows(many, 'one-class', 0), splitRows(many, 'one-class', 1)];
    expect(first.train).toHaveLength(10_000);
    expect(first.test).toHaveLength(15_001);
    expect([...first.train.subarray(0, 5)]).not.toEqual([...second.train.subarray(0, 5)]);
  });
});

const ONE_CLASS = {
  train: [7, 9, 8, 21, 18, 3, 24, 19, 4, 23],
  test: [22, 13, 6, 14, 16, 12, 11, 17, 1, 2, 10, 5, 0, 20, 15],
};
const CONTAMINATED = {
  train: [23, 4, 9, 2, 0, 15, 13, 12, 14, 18, 1, 10, 19, 7, 22, 16, 6, 20],
  test: [5, 8, 24, 3, 17, 21, 11],
};
