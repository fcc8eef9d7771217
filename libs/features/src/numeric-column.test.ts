import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { fitNumericColumn } from './numeric-column.ts';

const spec = (type: FeatureSpec['type'], from: FeatureSpec['from'] = 'x'): FeatureSpec => ({
  name: 'x',
  type,
  from,
  role: 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
});
const fit = (feature: FeatureSpec, ...values: number[]) => fitNumericColumn(feature, Float64Array.from(values));

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
    expect(fit(spec('integer'), 4, 4, 4).column.config).toMatchObject({ mean: 4, std: 1, uniform: 1 });
  });

  it('widens the noise of columns with few distinct values', () => {
    const { config } = fit(spec('real'), ...Array.from({ length: 50 }, (_, i) => i % 2)).column;
    // Encoded to ±1: half the gap of 2 is 1, and 0.5 the most.
    expect(config).toMatchObject({ gaussian: 0.5, uniform: 0 });
  });

  it('fits to what lies in the domain, and counts the rest', () => {
    expect(fit(spec('positive'), -5, 1, 2)).toMatchObject({ outside: 1, used: 2 });
    expect(fit(spec('positive'), -5, 1, 2).column.config).toEqual(fit(spec('positive'), 1, 2).column.config);
    expect(fit(spec('unit'), -0.1, 1.1, 0.5)).toMatchObject({ outside: 2, used: 1 });
    expect(fit(spec('integer'), 1, 2.5)).toMatchObject({ outside: 1, used: 1 });
    expect(fit(spec('real', { log: 'x' }), 0, -1, 3)).toMatchObject({ outside: 2, used: 1 });
    expect(fit(spec('real'), -5, 1e30)).toMatchObject({ outside: 0, used: 2 });
  });

  it('does not depend on the order of the values', () => {
    expect(fit(spec('positive'), 3, 0, 1, 2).column.config).toEqual(fit(spec('positive'), 0, 1, 2, 3).column.config);
  });
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
