import { at } from '@flowline/events';
import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fitNumericColumn } from './fit-numeric-column.ts';
import { strayRules } from './stray-values.ts';

const spec = (type: FeatureSpec['type'], from: FeatureSpec['from'] = 'x'): FeatureSpec => ({
  name: 'x',
  type,
  from,
  role: 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
});
const fit = (feature: FeatureSpec, ...values: number[]) =>
  fitNumericColumn(feature, Float64Array.from(values), strayRules.clean);

describe('fitNumericColumn', () => {
  it('fits each type on its own scale', () => {
    expect(fit(spec('real'), 1, 2, 3).column.config).toMatchObject({ transform: { type: 'identity' }, mean: 2 });
    expect(fit(spec('real', { log: 'x' }), 1, Math.E ** 2).column.config).toMatchObject({
      transform: { type: 'log', floor: 1 },
      mean: 1,
      std: 1,
    });
    expect(fit(spec('real', { asinh: 'x' }), -1, 1).column.config).toMatchObject({
      transform: { type: 'asinh' },
      mean: 0,
    });
    expect(fit(spec('positive'), 1, Math.E ** 2).column.config).toMatchObject({
      transform: { shift: 0 },
      mean: 1,
      std: 1,
    });
    expect(fit(spec('unit'), 0.25, 0.75).column.config.transform).toEqual({ type: 'unit', epsilon: 1e-6 });
  });

  it('dequantises integers over one unit, and leaves the rest to the flow', () => {
    const { config } = fit(spec('integer'), 0, 1, 0, 1, 0, 1, 0, 1).column;
    expect(config.std).toBeCloseTo(Math.sqrt(1 / 4 + 1 / 12), 12);
    expect(config.uniform).toBeCloseTo(1 / config.std, 12);
    expect(config.gaussian).toBe(0.1);
    const constant = fit(spec('integer'), 4, 4, 4).column.config;
    expect(constant).toMatchObject({ mean: 4, constant: false });
    expect(constant.std).toBeCloseTo(Math.sqrt(1 / 12), 12);
  });

  it('widens the noise of columns with few distinct values', () => {
    const { config } = fit(spec('real'), ...Array.from({ length: 50 }, (_, i) => i % 2)).column;
    // Encoded to ±1: half the gap of 2 is 1, above the maximum of 0.5.
    expect(config).toMatchObject({ gaussian: 0.5, uniform: 0 });
  });

  it('expects nothing that no training row had, whatever the flow says', () => {
    const few = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 30 });
    const types = fc.constantFrom<FeatureSpec['type']>('real', 'positive', 'integer');
    fc.assert(
      fc.property(types, few, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (type, values, encoded) => {
        const { column } = fit(spec(type), ...values);
        const [least, greatest] = [Math.min(...values), Math.max(...values)];
        const slack = 1e-9 * Math.max(1, greatest);
        const expected = column.decodeWithin(encoded);
        expect(expected).toBeGreaterThanOrEqual(least - slack);
        expect(expected).toBeLessThanOrEqual(greatest + slack);
        const own = column.standardised(column.scaled(at(values, 0)));
        expect(column.decodeWithin(own)).toBeCloseTo(at(values, 0), 6);
      }),
    );
  });

  it('fits to what lies in the domain, and counts the rest', () => {
    expect(fit(spec('positive'), -5, 1, 2)).toMatchObject({ outside: { count: 1, example: -5 }, used: 2 });
    expect(fit(spec('positive'), -5, 1, 2).column.config).toEqual(fit(spec('positive'), 1, 2).column.config);
    expect(fit(spec('unit'), -0.1, 1.1, 0.5)).toMatchObject({ outside: { count: 2, example: -0.1 }, used: 1 });
    expect(fit(spec('integer'), 1, 2.5)).toMatchObject({ outside: { count: 1, example: 2.5 }, used: 1 });
    expect(fit(spec('real', { log: 'x' }), 0, -1, 3)).toMatchObject({ outside: { count: 2, example: 0 }, used: 1 });
    expect(fit(spec('real'), -5, 1e30)).toMatchObject({ outside: { count: 0 }, used: 2 });
  });

  it('does not depend on the order of the values', () => {
    expect(fit(spec('positive'), 3, 0, 1, 2).column.config).toEqual(fit(spec('positive'), 0, 1, 2, 3).column.config);
  });
});

/**
 * n quantiles of the logistic approximation to the normal distribution with mean 50 and standard
 * deviation 5.
 */
const normal = (n: number) =>
  Array.from({ length: n }, (_, i) => {
    const u = (i + 0.5) / n;
    return 50 + (5 / 1.702) * Math.log(u / (1 - u));
  });

describe('stray values', () => {
  const clean = normal(6000);
  const scaleOf = (values: readonly number[], rule: keyof typeof strayRules = 'clean') =>
    fitNumericColumn(spec('real'), Float64Array.from(values), strayRules[rule]);

  it.each<[string, number[]]>([
    ['one of 1e30', [1e30]],
    ['one of −1e30', [-1e30]],
    ['one of 99999', [99_999]],
    ['a code in 0.5 % of the rows', Array.from({ length: 30 }, () => -9999)],
    ['codes on both sides', Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? -9999 : 9999))],
  ])('do not set the scale: %s', (_, strays) => {
    const { column, stray } = scaleOf([...clean, ...strays]);
    const alone = scaleOf(clean).column.config;
    expect(stray.count).toBe(strays.length);
    expect(strays).toContain(stray.example);
    expect(column.config.mean).toBeCloseTo(alone.mean, 9);
    expect(column.config.std).toBeCloseTo(alone.std, 9);
    expect(column.config.range![0]).toBeCloseTo(alone.range![0], 9);
    const isStray = (value: number): boolean => column.isStray(column.standardised(value));
    expect([strays.filter(isStray), clean.filter(isStray)]).toEqual([strays, []]);
  });

  it.each<[string, number[]]>([
    ['a lognormal tail', clean.map((value) => Math.exp((value - 50) / 3))],
    ['a Cauchy tail', Array.from({ length: 6000 }, (_, i) => Math.tan(Math.PI * ((i + 0.5) / 6000 - 0.5)))],
    ['85 % zeros', Array.from({ length: 6000 }, (_, i) => (i < 5100 ? 0 : Math.exp((i - 5550) / 150)))],
    ['a rare level of a column of zeros', Array.from({ length: 6000 }, (_, i) => (i % 200 === 0 ? 1 : 0))],
    ['two levels', Array.from({ length: 6000 }, (_, i) => (i % 4 === 0 ? -1 : 1))],
    ['a rare second mode of measurements', [...clean, ...Array.from({ length: 40 }, (_, i) => 2000 + i)]],
  ])('are not found where there are none: %s', (_, values) => {
    expect(scaleOf(values).stray.count).toBe(0);
  });

  it('of a column that may hold anomalies are any small group far apart', () => {
    const values = [...clean, ...Array.from({ length: 100 }, (_, i) => 2000 + 7 * i)];
    expect(scaleOf(values).stray.count).toBe(0);
    expect(scaleOf(values, 'unlabelled').stray.count).toBe(100);
  });

  it('of a part drawn from a history with 2 % of them may be somewhat more, but not a second kind', () => {
    const far = (count: number) => Array.from({ length: count }, (_, i) => 2000 + 7 * i);
    // 2.4 % of 6,000, and 3.4 % of 600: what two per cent give by chance.
    expect(scaleOf([...clean, ...far(147)], 'unlabelled').stray.count).toBe(147);
    expect(scaleOf([...normal(600), ...far(21)], 'unlabelled').stray.count).toBe(21);
    expect(scaleOf([...clean, ...far(240)], 'unlabelled').stray.count).toBe(0);
    expect(scaleOf([...clean, ...far(147)]).stray.count).toBe(0);
  });

  it('of a constant column are few', () => {
    const constant = Array.from({ length: 6000 }, () => 300);
    const { column, stray } = scaleOf([...constant, 1e30]);
    expect(stray).toEqual({ count: 1, example: 1e30 });
    expect(column.config).toEqual(scaleOf(constant).column.config);
  });
});

describe('the scale of a column', () => {
  const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true, noDefaultInfinity: true }), {
    minLength: 1,
    maxLength: 30,
  });
  /** Powers of two, so that multiplication is exact. */
  const units = fc.integer({ min: -60, max: 60 }).map((power) => 2 ** power);
  /**
   * Value at which the flow is evaluated, and the column's log-density term relative to that of a
   * reference value.
   */
  const placed = (type: FeatureSpec['type'], history: readonly number[], value: number, reference: number) => {
    const { column } = fit(spec(type), ...history);
    const term = (each: number) => {
      const scaled = column.scaled(column.nearest(each));
      return column.logDensityTerm(column.nearest(each), scaled, column.standardised(scaled));
    };
    const encoded = column.standardised(column.scaled(column.nearest(value)));
    return { encoded, confined: column.confined(encoded), term: term(value) - term(reference) };
  };
  const isClose = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));

  it.each(['real', 'positive'] as const)('is that of its unit: f(k·x) = f(x), of type %s', (type) => {
    fc.assert(
      fc.property(values, fc.double({ min: -1e4, max: 1e4, noNaN: true }), units, (drawn, event, k) => {
        const sign = (value: number) => (type === 'positive' ? Math.abs(value) : value);
        // Nothing holds where subnormal numbers lose digits.
        const sized = (value: number) => (Math.abs(value) < 1e-200 ? 0 : sign(value));
        const history = drawn.map(sized);
        const [value, reference] = [sized(event), history[0]!];
        const own = placed(type, history, value, reference);
        const other = placed(
          type,
          history.map((each) => each * k),
          value * k,
          reference * k,
        );
        expect(isClose(own.encoded, other.encoded)).toBe(true);
        expect(isClose(own.confined, other.confined)).toBe(true);
        expect(isClose(own.term, other.term)).toBe(true);
      }),
    );
  });

  it.each(['real', 'positive'] as const)('of a constant column is relative to it: %s', (type) => {
    for (const k of [1e-6, 0.0003, 1, 300, 1e9]) {
      const history = [k, k, k];
      const far = placed(type, history, 100 * k, k);
      expect(far.term).toBeCloseTo(placed(type, [1, 1, 1], 100, 1).term, -2);
      expect(far.term).toBeLessThan(-1000);
      expect(placed(type, history, 1.01 * k, k).term).toBeLessThan(-20);
      expect(placed(type, history, 1.0001 * k, k).term).toBe(0);
    }
  });

  it.each(['real', 'positive'] as const)('of a column of zeros does not exist: all else is as far, %s', (type) => {
    const history = [0, 0, 0];
    expect(placed(type, history, 0.05, 0)).toEqual(placed(type, history, 5, 0));
    expect(placed(type, history, 5e-30, 0)).toEqual(placed(type, history, 5e30, 0));
    expect(placed(type, history, 0.05, 0).term).toBeLessThan(-1e20);
    expect(placed(type, history, 0, 0)).toMatchObject({ encoded: 0, term: 0 });
  });

  it.each(['real', 'positive', 'unit'] as const)('takes rounding for no variation: %s', (type) => {
    const history = [1, 1 + 2 ** -52, 1 - 2 ** -53, 1 + 2 ** -51];
    expect(fit(spec(type), ...history).column.config.constant).toBe(true);
    for (const ulps of [-4, -1, 1, 4]) expect(placed(type, history, 1 + ulps * 2 ** -52, 1).term).toBeCloseTo(0, 9);
    expect(placed(type, history, type === 'unit' ? 0.97 : 1.03, 1).term).toBeLessThan(-20);
  });
});

describe('beyond the trained range', () => {
  const types = [
    ['real', spec('real')],
    ['asinh', spec('real', { asinh: 'x' })],
    ['log', spec('real', { log: 'x' })],
    ['positive', spec('positive')],
    ['unit', spec('unit')],
    ['integer', spec('integer')],
  ] as const;
  const history = (feature: FeatureSpec, seeds: readonly number[]) =>
    seeds.map((seed) => {
      if (feature.type === 'unit') return seed;
      if (feature.type === 'integer') return Math.round(40 * seed);
      return typeof feature.from === 'string' && feature.type === 'real' ? 9 * seed - 4 : 50 * seed + 0.001;
    });

  it.each(types)(
    'a value is never likelier for being further out, and the flow is asked at the end: %s',
    (_, feature) => {
      const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
      fc.assert(
        fc.property(
          fc.array(share, { minLength: 2, maxLength: 20 }),
          fc.boolean(),
          share,
          share,
          (seeds, isHigh, a, b) => {
            const values = history(feature, seeds);
            const { column } = fit(feature, ...values);
            const [lowest, highest] = [column.decode(column.lowest), column.decode(column.highest)];
            const end = isHigh ? highest : lowest;
            const reach = Math.max(Math.abs(end), 1) * 1e3;
            const at = (part: number): number => {
              if (feature.type === 'unit') return isHigh ? end + (1 - end) * part : end * (1 - part);
              if (column.config.transform.type !== 'identity' && !isHigh && end > 0) return end * (1 - part) ** 6;
              const value = isHigh ? end + reach * part ** 4 : end - reach * part ** 4;
              return feature.type === 'integer' ? Math.round(value) : value;
            };
            const [near, far] = [at(Math.min(a, b)), at(Math.max(a, b))].map((value) => {
              const nearest = column.nearest(value);
              const scaled = column.scaled(nearest);
              const encoded = column.standardised(scaled);
              return {
                encoded,
                asked: column.confined(encoded),
                term: column.logDensityTerm(nearest, scaled, encoded),
              };
            });
            expect(far!.term).toBeLessThanOrEqual(near!.term + 1e-9);
            if (isHigh ? near!.encoded > column.highest : near!.encoded < column.lowest) {
              expect(near!.asked).toBe(isHigh ? column.highest : column.lowest);
              expect(far!.asked).toBe(near!.asked);
            }
          },
        ),
      );
    },
  );
});

describe('NumericColumn', () => {
  it('keeps encoded values finite, and accepts only finite ones', () => {
    const { column } = fit(spec('real'), 1, 1 + 1e-12);
    expect(column.standardised(column.scaled(3e38))).toBe(1e12);
    expect(column.standardised(column.scaled(-3e38))).toBe(-1e12);
    expect([NaN, Infinity, -Infinity, 1].map((value) => column.accepts(value))).toEqual([false, false, false, true]);
  });

  it('decodes into the domain', () => {
    const zeros = fit(spec('positive'), 0, 1, 2, 3).column;
    expect(zeros.decode(-50)).toBe(0);
    expect(zeros.decode(1e6)).toBe(Number.MAX_VALUE);
    const share = fit(spec('unit'), 0, 0.5, 1).column;
    expect([share.decode(-50), share.decode(50)]).toEqual([0, 1]);
    expect(fit(spec('real', { log: 'x' }), 1, 2).column.decode(-1e6)).toBe(Number.MIN_VALUE);
  });
});
