import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { asinh } from './asinh.ts';
import { identity } from './identity.ts';
import { integer } from './integer.ts';
import { log } from './log.ts';
import { fitPositive, positive } from './positive.ts';
import { transformFromConfig } from './transform-from-config.ts';
import type { Transform } from './transform.ts';
import { fitUnit, unit } from './unit.ts';

const numbers = (min: number, max: number) => fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
/** Both tiny and huge values, evenly over orders of magnitude. */
const magnitudes = (lowest: number, highest: number) => numbers(lowest, highest).map((power) => 10 ** power);

interface Case {
  readonly name: string;
  readonly transform: Transform;
  /** Values of the support. */
  readonly values: fc.Arbitrary<number>;
}

const cases: readonly Case[] = [
  { name: 'identity', transform: identity(), values: numbers(-1e6, 1e6) },
  { name: 'integer', transform: integer(), values: numbers(-1e6, 1e6) },
  {
    name: 'asinh',
    transform: asinh(),
    values: fc.tuple(magnitudes(-3, 12), fc.constantFrom(-1, 1)).map(([a, b]) => a * b),
  },
  { name: 'log', transform: log(0.5), values: magnitudes(-12, 12) },
  { name: 'positive, c = 0', transform: positive(0, 0.5), values: magnitudes(-12, 12) },
  { name: 'positive, c = 0.3', transform: positive(0.3, 0), values: fc.oneof(magnitudes(-3, 6), numbers(-0.299, 0.3)) },
  { name: 'unit, ε = 1e-6', transform: unit(1e-6), values: numbers(0, 1) },
  { name: 'unit, ε = 0.01', transform: unit(0.01), values: numbers(-0.0101, 1.0101) },
];

describe.each(cases)('$name', ({ transform, values }) => {
  it('is undone by its inverse', () => {
    fc.assert(
      fc.property(values, (value) => {
        const y = transform.forward(value);
        const back = transform.inverse(y);
        // One unit in the last place of y is worth that much in the value.
        const tolerance =
          8 * Number.EPSILON * (Math.abs(value) + (1 + Math.abs(y)) * Math.exp(-transform.logAbsDet(value, y)));
        expect(Math.abs(back - value)).toBeLessThanOrEqual(tolerance);
      }),
    );
  });

  it('reports the log of its derivative', () => {
    fc.assert(
      fc.property(values, (value) => {
        const y = transform.forward(value);
        const logAbsDet = transform.logAbsDet(value, y);
        // A step of 1e-4 in y, so that the difference neither cancels nor bends.
        const step = Math.min(1e-4 * Math.exp(-logAbsDet), 1e3);
        const slope = (transform.forward(value + step) - transform.forward(value - step)) / (2 * step);
        expect(Math.log(slope)).toBeCloseTo(logAbsDet, 4);
      }),
    );
  });

  it('makes a density of a density: it integrates to 1 over the support', () => {
    const nodes = Array.from({ length: 40_001 }, (_, i) => transform.inverse(-10 + i / 2000));
    const density = (value: number) => {
      const y = transform.forward(value);
      return Math.exp(-0.5 * y * y + transform.logAbsDet(value, y)) / Math.sqrt(2 * Math.PI);
    };
    let integral = 0;
    for (let i = 1; i < nodes.length; i++) {
      const [a, b] = [nodes[i - 1]!, nodes[i]!];
      integral += ((density(a) + density(b)) / 2) * (b - a);
    }
    expect(integral).toBeCloseTo(1, 5);
  });

  it('is defined on what `nearest` gives, which is what it accepts', () => {
    fc.assert(
      fc.property(fc.oneof(values, fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        const nearest = transform.nearest(value);
        const y = transform.forward(nearest);
        expect(transform.accepts(nearest)).toBe(true);
        expect(Number.isFinite(y)).toBe(true);
        expect(Number.isFinite(transform.logAbsDet(nearest, y))).toBe(true);
        const [lowest, highest] = transform.bounds;
        expect(nearest >= lowest && nearest <= highest).toBe(true);
        if (transform.accepts(value)) expect(nearest === value).toBe(true);
      }),
    );
  });

  it('is rebuilt from its config', () => {
    const rebuilt = transformFromConfig(transform.config);
    fc.assert(
      fc.property(values, (value) => {
        expect(rebuilt.forward(value)).toBe(transform.forward(value));
      }),
    );
  });
});

describe('domains', () => {
  it('are those of the types', () => {
    expect([-1, 0, 2.5, 1e300].map(positive(0, 1).accepts)).toEqual([false, false, true, true]);
    expect([-1, 0, 2.5].map(positive(0.5, 0).accepts)).toEqual([false, true, true]);
    expect([-1e-9, 0, 1, 1 + 1e-9].map(unit(1e-3).accepts)).toEqual([false, true, true, false]);
    expect([-3, 0, 2.5, 1e300].map(integer().accepts)).toEqual([true, true, false, true]);
    expect([-1, 0, 1e-300].map(log(1).accepts)).toEqual([false, false, true]);
  });
});

describe('fitPositive', () => {
  const shiftOf = (...values: number[]) => fitPositive(Float64Array.from(values)).config;

  it('is a plain log where no value is 0', () => {
    expect(shiftOf(2, 3, 4)).toEqual({ type: 'positive', shift: 0, floor: 2 });
  });

  it('keeps zeros half the 1 % quantile apart from the rest', () => {
    const values = [0, 0, ...Array.from({ length: 1000 }, (_, i) => 1 + i)];
    expect(shiftOf(...values)).toEqual({ type: 'positive', shift: 5.5, floor: 0 });
  });

  it('works on zeros alone, on nothing, and next to the smallest number', () => {
    expect(shiftOf(0, 0)).toEqual({ type: 'positive', shift: 1, floor: 0 });
    expect(shiftOf()).toEqual({ type: 'positive', shift: 1, floor: 0 });
    expect(Number.isFinite(fitPositive(Float64Array.of(0, Number.MIN_VALUE)).forward(0))).toBe(true);
  });
});

describe('fitUnit', () => {
  const epsilonOf = (...values: number[]) => fitUnit(Float64Array.from(values)).config;

  it('is nearly a plain logit where no value is an end', () => {
    expect(epsilonOf(0.2, 0.999)).toEqual({ type: 'unit', epsilon: 1e-6 });
  });

  it('keeps the ends half the 1 % quantile apart from the rest, at most 0.01', () => {
    expect(epsilonOf(0, 1, 0.004, 0.5)).toEqual({ type: 'unit', epsilon: 0.002 });
    expect(epsilonOf(1, 0.5)).toEqual({ type: 'unit', epsilon: 0.01 });
    expect(epsilonOf(0, 1, 1)).toEqual({ type: 'unit', epsilon: 0.01 });
    expect(epsilonOf(0, 1e-12)).toEqual({ type: 'unit', epsilon: 1e-6 });
  });
});
