import { at, atOnce, inTurns, type Steps } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ascendingOrder } from './ascending-order.ts';
import { fitEncoding } from './fit-encoding.ts';
import { filterNumbers, mapNumbers } from './map-numbers.ts';
import { sortNumbers } from './sort-numbers.ts';

/** Number of steps of a computation. */
function stepsOf(steps: Steps<unknown>): number {
  let count = 0;
  while (steps.next().done !== true) count++;
  return count;
}

const numbers = (size: number): Float64Array => Float64Array.from({ length: size }, (_, i) => (i * 7919) % size);

describe('sortNumbers', () => {
  it('sorts as the platform does, for sizes about those of its runs', () => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 131_073, 300_000]) {
      expect(atOnce(sortNumbers(numbers(size)))).toEqual(numbers(size).sort());
    }
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true })), (values) => {
        expect(atOnce(sortNumbers(Float64Array.from(values)))).toEqual(Float64Array.from(values).sort());
      }),
    );
  });

  it('orders numbers of every size and sign, in steps', () => {
    const size = 200_000;
    const sizes = [0, -0, 5e-324, -5e-324, 1e308, -1e308, Infinity, -Infinity, 1, -1];
    const values = Float64Array.from({ length: size }, (_, i) =>
      i % 3 === 0 ? at(sizes, i % sizes.length) : Math.sin(i) * 10 ** ((i % 600) - 300),
    );
    expect(atOnce(sortNumbers(values.slice()))).toEqual(values.slice().sort());
    expect(stepsOf(sortNumbers(values))).toBeGreaterThanOrEqual((1 + 3) * 4);
  });

  it('orders numbers that differ in their lower halves only', () => {
    for (const [unit, size] of [
      [1e15, 30],
      [-1e15, 1_000],
      [-1e15, 200_000],
    ] as const) {
      const values = Float64Array.from({ length: 100_000 }, (_, i) => unit + ((i * 7919) % size));
      const sorted = atOnce(sortNumbers(values.slice()));
      expect(values.sort().every((value, i) => value === sorted[i])).toBe(true);
    }
  });
});

describe('ascendingOrder', () => {
  it('is null for numbers that ascend', () => {
    expect(atOnce(ascendingOrder(Float64Array.of(-1, 0, 0, 2)))).toBeNull();
  });

  it('is that of a stable sort', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }))), (list) => {
        const values = Float64Array.from([1, ...list, -1], (value) => value + 0);
        const order = atOnce(ascendingOrder(values));
        const stable = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
        expect([...order!]).toEqual(stable);
      }),
    );
  });
});

describe('mapNumbers and filterNumbers', () => {
  it('are those of arrays, in steps', () => {
    const values = numbers(200_000);
    const isEven = (value: number): boolean => value % 2 === 0;
    expect(atOnce(mapNumbers(values, Math.sqrt))).toEqual(values.map(Math.sqrt));
    expect(atOnce(filterNumbers(values, isEven))).toEqual(values.filter(isEven));
    expect(stepsOf(mapNumbers(values, Math.sqrt))).toBe(4);
    expect(stepsOf(filterNumbers(values, isEven))).toBe(4);
  });
});

describe('inTurns', () => {
  function* endless(): Steps<never> {
    for (;;) yield;
  }

  function* broken(): Steps<never> {
    yield;
    throw new Error('broken');
  }

  it('gives the event loop turns, and stops at the first after the signal', async () => {
    const abort = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns++;
      if (turns === 3) abort.abort(new Error('enough'));
    }, 0);
    await expect(inTurns(endless(), abort.signal)).rejects.toThrow('enough');
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('resolves to the result, and rejects with the error of the computation', async () => {
    await expect(inTurns(sortNumbers(Float64Array.of(2, 1)))).resolves.toEqual(Float64Array.of(1, 2));
    await expect(inTurns(broken())).rejects.toThrow('broken');
  });
});

describe('the fit of an encoding', () => {
  it('does not depend on where the chunks of a table end', () => {
    const size = 70_000;
    const schema = (['real', 'positive', 'unit', 'integer', 'categorical'] as const).map((type) => ({
      ...{ name: type, type, from: type, role: 'score' as const },
      ...{ nullable: true, maxLevels: 3, period: null },
    }));
    const numeric = Float64Array.from({ length: size * 4 }, (_, i) =>
      i % 97 === 0 ? NaN : i % 4 === 3 ? i % 50 : ((i * 7919) % 1000) / 1000,
    );
    const levels = Array.from({ length: size }, (_, i) => (i % 31 === 0 ? null : `level ${i % 7}`));
    const encoding = fitEncoding(schema, { size, numeric, numericWidth: 4, levels, levelWidth: 1 });
    const { levels: fitted, trainedRows } = encoding.toJSON();
    const count = (level: string): number => levels.filter((each) => each === level).length;
    expect(trainedRows).toBe(size);
    expect(fitted[0]?.counts).toEqual(fitted[0]?.levels.map(count));
    const { mean } = encoding.toJSON().numeric[0] ?? { mean: NaN };
    const real = [...numeric.keys()].filter((i) => i % 4 === 0).map((i) => at(numeric, i));
    const observed = real.filter((value) => !Number.isNaN(value));
    expect(mean).toBeCloseTo(
      observed.reduce((sum, value) => sum + value / observed.length, 0),
      10,
    );
  });
});
