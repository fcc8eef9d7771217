import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { asinh } from './asinh.ts';
import { identity } from './identity.ts';
import { integer } from './integer.ts';
import { log } from './log.ts';
import { fitPositive, positive, positiveTolerance } from './positive.ts';
import { transformFromConfig } from './transform-from-config.ts';
import type { Transform } from './transform.ts';
import { fitUnit, unit } from './unit.ts';

const numbers = (min: number, max: number) => fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
/** Tiny and huge values, uniform over orders of magnitude. */
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
  {
    name: 'positive, c = 0',
    transform: positive({ shift: 0, floor: 0.5, tolerance: 1e-7 }),
    values: magnitudes(-12, 12),
  },
  {
    name: 'positive, c = 0.3',
    transform: positive({ shift: 0.3, floor: 0, tolerance: 1e-7 }),
    values: fc.oneof(magnitudes(-3, 6), numbers(-0.299, 0.3)),
  },
  { name: 'unit, ε = 1e-6', transform: unit(1e-6), values: numbers(0, 1) },
  { name: 'unit, ε = 0.01', transform: unit(0.01), values: numbers(-0.0101, 1.0101) },
];

describe.each(cases)('$name', ({ transform, values }) => {
  it('is undone by its inverse', () => {
    fc.assert(
      fc.property(values, (value) => {
        const y = transform.forward(value);
        const back = transform.inverse(y);
        // One unit in the last place of y corresponds to this much in the value.
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
        // A step of 1e-4 in y, so that the difference neither cancels nor curves.
        const step = Math.min(1e-4 * Math.exp(-logAbsDet), 1e3);
        const slope = (transform.forward(value + step) - transform.forward(value - step)) / (2 * step);
        expect(Math.log(slope)).toBeCloseTo(logAbsDet, 4);
      }),
    );
  });

  it('makes a density of a density: it integrates to 1 over the support', () => {
    const nodes = Array.from({ length: 10_001 }, (_, i) => transform.inverse(-10 + i / 500));
    const density = (value: number) => {
      const y = transform.forward(value);
      return Math.exp(-0.5 * y * y + transform.logAbsDet(value, y)) / Math.sqrt(2 * Math.PI);
    };
    const densities = nodes.map(density);
    let integral = 0;
    for (let i = 1; i < nodes.length; i++) {
      integral += ((densities[i - 1]! + densities[i]!) / 2) * (nodes[i]! - nodes[i - 1]!);
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
        expect(transform.nearest(nearest)).toBe(nearest);
        // An accepted value is its own nearest value, within tolerance.
        if (transform.accepts(value)) expect(Math.abs(nearest - value)).toBeLessThan(1e-6);
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
  const plain = positive({ shift: 0, floor: 1, tolerance: 0 });
  const withZeros = positive({ shift: 0.5, floor: 0, tolerance: 1e-7 });

  it('are those of the types', () => {
    expect([-1, 0, 2.5, 1e300].map(plain.accepts)).toEqual([false, false, true, true]);
    expect([-1, 0, 2.5].map(withZeros.accepts)).toEqual([false, true, true]);
    expect([-1e-6, 0, 1, 1 + 1e-6].map(unit(1e-3).accepts)).toEqual([false, true, true, false]);
    expect([-3, 0, 2.5, 1e300].map(integer().accepts)).toEqual([true, true, false, true]);
    expect([-1, 0, 1e-300].map(log(1).accepts)).toEqual([false, false, true]);
  });

  it.each<[string, Transform, number, number]>([
    ['unit', unit(1e-6), 1 + 2 ** -52, 1],
    ['unit', unit(1e-6), 1.00000001, 1],
    ['unit', unit(0.01), Math.fround(1 + 2 ** -23), 1],
    ['unit', unit(0.01), -1.4e-17, 0],
    ['positive', withZeros, -1.4e-17, 0],
    ['positive', withZeros, -1e-8, 0],
    ['integer', integer(), 3 - 2 ** -51, 3],
    ['integer', integer(), Math.fround(0.1 + 0.2) * 10, 3],
    ['integer', integer(), 1e12 + 2 ** -12, 1e12],
    ['integer', integer(), -1e-9, 0],
  ])('end a hair further than the type says: %s', (_, transform, value, end) => {
    expect(transform.accepts(value)).toBe(true);
    expect(transform.nearest(value)).toBe(end);
  });
});

describe('fitPositive', () => {
  const shiftOf = (...values: number[]) => fitPositive(Float64Array.from(values)).config;

  it('is a plain log where no value is 0', () => {
    expect(shiftOf(2, 3, 4)).toMatchObject({ type: 'positive', shift: 0, floor: 2 });
  });

  it('keeps zeros half the 1 % quantile apart from the rest', () => {
    const values = [0, 0, ...Array.from({ length: 1000 }, (_, i) => 1 + i)];
    expect(shiftOf(...values)).toMatchObject({ type: 'positive', shift: 5.5, floor: 0 });
  });

  it('works on zeros alone, on nothing, and next to the smallest number', () => {
    for (const zeros of [fitPositive(Float64Array.of(0, 0)), fitPositive(new Float64Array(0))]) {
      expect(zeros.accepts(0)).toBe(true);
      expect(Number.isFinite(zeros.forward(0))).toBe(true);
      // No unit of its own: every positive value is infinitely larger.
      expect(zeros.forward(1e-300) - zeros.forward(0)).toBeGreaterThan(15);
    }
    expect(Number.isFinite(fitPositive(Float64Array.of(0, Number.MIN_VALUE)).forward(0))).toBe(true);
  });
});

describe('positiveTolerance', () => {
  it('has the unit of the column', () => {
    const values = Float64Array.of(-1e-12, 0, 1, 2, 3);
    expect(positiveTolerance(values.map((value) => value * 1e-6))).toBeCloseTo(1e-6 * positiveTolerance(values), 18);
    expect(positiveTolerance(values)).toBeCloseTo(2 * positiveTolerance(Float64Array.of(0)), 12);
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
