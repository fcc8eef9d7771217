import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { FeatureTable } from './feature-table.ts';
import { FeatureEncoding } from './feature-encoding.ts';
import { fitEncoding } from './fit-encoding.ts';
import { createRecordReader } from './record-reader.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  name,
  type,
  from: name,
  role: type === 'cyclic' ? 'context' : 'score',
  nullable: false,
  maxLevels: 64,
  period: type === 'cyclic' ? 24 : null,
  ...more,
});

/** Random number generator over [0, 1), with the same sequence in every run. */
function generator() {
  let state = 12_345;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const numbers = (...values: number[]): FeatureTable => ({
  size: values.length,
  numeric: Float64Array.from(values),
  numericWidth: 1,
  levels: [],
  levelWidth: 0,
});

const uniform = generator();
const sample = (n: number, draw: (u: number) => number) => Array.from({ length: n }, () => draw(uniform()));

/** Standard normal flow: log p of the x part of each row, over the observed dimensions. */
function normalLogProb(encoding: FeatureEncoding, table: FeatureTable): Float64Array {
  const batch = encoding.encode(table);
  return Float64Array.from({ length: table.size }, (_, row) => {
    if (batch.outOfDomain[row] === 1) return -Infinity;
    let logProb = batch.logJacobian[row]! + batch.logDiscrete[row]!;
    encoding.presence.forEach((column, dimension) => {
      const start = row * batch.width;
      if (column !== null && batch.rows[start + encoding.dimensions + column] === 0) return;
      const x = batch.rows[start + dimension]!;
      logProb += -0.5 * x * x - 0.5 * Math.log(2 * Math.PI);
    });
    return logProb;
  });
}

describe('the density of a number, under a standard normal flow', () => {
  const columns: { name: string; spec: FeatureSpec; values: number[] }[] = [
    { name: 'real', spec: feature('x', 'real'), values: sample(500, (u) => 100 + 7 * u) },
    { name: 'log', spec: feature('x', 'real', { from: { log: 'x' } }), values: sample(500, (u) => Math.exp(3 * u)) },
    {
      name: 'asinh',
      spec: feature('x', 'real', { from: { asinh: 'x' } }),
      values: sample(500, (u) => 1e4 * (u - 0.4) ** 3),
    },
    { name: 'positive', spec: feature('x', 'positive'), values: sample(500, (u) => Math.exp(2 * u)) },
    { name: 'unit', spec: feature('x', 'unit'), values: sample(500, (u) => 0.1 + 0.8 * u) },
  ];

  it.each(columns)('integrates to 1 in original units: $name', ({ spec, values }) => {
    const encoding = fitEncoding([spec], numbers(...values));
    const nodes = Array.from({ length: 16_001 }, (_, i) => encoding.scored[0]!.fromEncoded(-8 + i / 1000));
    const logProb = normalLogProb(encoding, numbers(...nodes));
    let integral = 0;
    for (let i = 1; i < nodes.length; i++) {
      integral += ((Math.exp(logProb[i - 1]!) + Math.exp(logProb[i]!)) / 2) * (nodes[i]! - nodes[i - 1]!);
    }
    // The Jacobian is capped where it would rise beyond the trained range, which loses a little of
    // the mass.
    const rises = spec.type === 'positive' || spec.type === 'unit' || JSON.stringify(spec.from).includes('log');
    expect(integral).toBeGreaterThan(1 - (rises ? 0.02 : 1e-5));
    expect(integral).toBeLessThan(1 + 1e-5);
  });

  it.each([
    ['positive with zeros', feature('x', 'positive'), [0, 0, ...sample(500, (u) => 5 * u + 0.1)], 0, Infinity],
    ['unit with its ends', feature('x', 'unit'), [0, 1, 1, ...sample(500, (u) => u)], 0, 1],
  ])('gives the domain exactly what the flow puts there: %s', (_, spec, values, lowest, highest) => {
    const encoding = fitEncoding([spec], numbers(...values));
    const [dimension] = encoding.scored;
    const from = dimension!.toEncoded(lowest);
    const to = Math.min(8, highest === Infinity ? 8 : dimension!.toEncoded(highest));
    const steps = 5_000;
    const nodes = Array.from({ length: steps + 1 }, (_, i) => dimension!.fromEncoded(from + ((to - from) * i) / steps));
    const logProb = normalLogProb(encoding, numbers(...nodes));
    let integral = 0;
    let mass = 0;
    for (let i = 1; i <= steps; i++) {
      const middle = from + ((to - from) * (i - 0.5)) / steps;
      integral += ((Math.exp(logProb[i - 1]!) + Math.exp(logProb[i]!)) / 2) * (nodes[i]! - nodes[i - 1]!);
      mass += ((Math.exp(-0.5 * middle * middle) / Math.sqrt(2 * Math.PI)) * (to - from)) / steps;
    }
    expect(integral).toBeCloseTo(mass, 4);
    expect(mass).toBeGreaterThan(0.5);
    expect(normalLogProb(encoding, numbers(lowest - 1e-4, lowest))[0]).toBe(-Infinity);
  });

  it('sums to 1 over the integers', () => {
    const encoding = fitEncoding([feature('k', 'integer')], numbers(...sample(500, (u) => Math.floor(9 * u))));
    const logProb = normalLogProb(encoding, numbers(...Array.from({ length: 201 }, (_, i) => i - 100)));
    expect(logProb.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 6);
  });

  it('sums to 1 over the levels, unseen ones included, of a chain', () => {
    const schema = [
      feature('x', 'real'),
      feature('m', 'categorical', { maxLevels: 2 }),
      feature('b', 'boolean'),
      feature('c', 'categorical', { role: 'context' }),
      feature('n', 'categorical'),
    ];
    const size = 300;
    const pick = (...levels: string[]) => levels[Math.floor(uniform() * levels.length)]!;
    const encoding = fitEncoding(schema, {
      size,
      numeric: Float64Array.from(sample(size, (u) => u)),
      numericWidth: 1,
      levels: Array.from({ length: size }, () => [
        pick('a', 'a', 'a', 'b', 'b', 'c'),
        pick('true', 'false'),
        pick('p', 'q'),
        pick('u', 'v'),
      ]).flat(),
      levelWidth: 4,
    });
    for (const context of ['p', 'q', 'other']) {
      const levels = ['a', 'b', 'unseen'].flatMap((m) =>
        ['true', 'false'].flatMap((b) => ['u', 'v', 'unseen'].map((n) => [m, b, context, n])),
      );
      const table = {
        size: levels.length,
        numeric: new Float64Array(levels.length),
        numericWidth: 1,
        levels: levels.flat(),
        levelWidth: 4,
      };
      const { logDiscrete } = encoding.encode(table);
      expect(logDiscrete.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
      levels.forEach((_, row) => {
        const parts = encoding.levelSurprises(table, row);
        expect(parts.map((part) => part.feature)).toEqual(['m', 'b', 'n']);
        expect(parts.reduce((sum, { probability }) => sum + Math.log(probability), 0)).toBeCloseTo(
          logDiscrete[row]!,
          12,
        );
        const distribution = encoding.levelDistribution(table, row, 'n');
        expect(distribution.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
      });
    }
    expect(() => encoding.levelDistribution(encodingTable(encoding), 0, 'c')).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }),
    );
  });
});

const encodingTable = (encoding: FeatureEncoding): FeatureTable =>
  encoding.decode(new Float32Array(encoding.dimensions + encoding.contextWidth), 1);

const schema = [
  feature('amount', 'positive', { nullable: true }),
  feature('method', 'categorical', { maxLevels: 3, nullable: true }),
  feature('hour', 'cyclic', { nullable: true }),
  feature('delay', 'real', { from: { asinh: 'delay' } }),
  feature('items', 'integer', { nullable: true }),
  feature('load', 'positive', { role: 'context' }),
  feature('share', 'unit'),
  feature('distance', 'real', { from: { log: 'distance' } }),
  feature('flag', 'boolean'),
];
const reader = createRecordReader(schema, {});
const records = Array.from({ length: 400 }, (_, i) => ({
  amount: i % 10 === 0 ? null : 50 * uniform(),
  method: i % 7 === 0 ? null : ['GET', 'PUT', 'PUT', 'POST', 'POST', 'POST', 'HEAD', 'HEAD', 'HEAD', 'HEAD'][i % 10],
  hour: i % 13 === 0 ? null : 24 * uniform(),
  delay: 200 * uniform() - 100,
  items: i % 10 === 0 ? null : Math.floor(8 * uniform()),
  load: uniform() + 0.1,
  share: uniform(),
  distance: Math.exp(8 * uniform()),
  flag: i % 3 === 0,
}));
const { table } = reader.read(records);
const encoding = fitEncoding(schema, table);

describe('FeatureEncoding', () => {
  it('lays rows out as dimensions, then context, then presence', () => {
    expect(encoding.dimensionNames).toEqual(['amount', 'delay', 'items', 'share', 'distance']);
    expect(encoding.contextNames).toEqual([
      'method=HEAD',
      'method=POST',
      'method=PUT',
      'method=(unseen)',
      'sin hour',
      'cos hour',
      'load',
      'flag=false',
      'flag=true',
      'amount is observed',
      'method is observed',
      'hour is observed',
      'items is observed',
    ]);
    expect([encoding.dimensions, encoding.contextWidth]).toEqual([5, 13]);
    expect(encoding.presence).toEqual([9, null, 12, null, null]);
    expect(encoding.maskable).toEqual([0, 2]);
    expect(encoding.noise.gaussian.length).toBe(5);
    expect([...encoding.noise.uniform].map((width) => width > 0)).toEqual([false, false, true, false, false]);
    expect(encoding.scored.map(({ numericColumn }) => numericColumn)).toEqual([0, 2, 3, 5, 6]);
    expect(encoding.trainedRows).toBe(400);
  });

  it('standardises the training rows: mean 0 and variance 1 of every observed dimension', () => {
    const { x } = encoding.split(encoding.encode(table));
    for (const [dimension, name] of encoding.dimensionNames.entries()) {
      const column = Array.from({ length: table.size }, (_, row) => x[row * 5 + dimension]!).filter(
        (_, row) => records[row]![name as keyof (typeof records)[0]] !== null,
      );
      const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
      const dequantisation = encoding.noise.uniform[dimension]! ** 2 / 12;
      expect(mean).toBeCloseTo(0, 5);
      expect(variance + dequantisation).toBeCloseTo(1, 5);
    }
  });

  it('encodes a missing value as 0, with its presence 0, and leaves it out of the density', () => {
    const base = { delay: 1, load: 1, share: 0.5, distance: 10, flag: true };
    const { table: rows } = reader.read([
      { ...base, amount: 5, method: 'PUT', hour: 6, items: 2 },
      { ...base },
      { ...base, method: 'GET', hour: 6, items: 2 },
    ]);
    const batch = encoding.encode(rows);
    const named = (row: number) =>
      Object.fromEntries(
        [...encoding.dimensionNames, ...encoding.contextNames].map((name, i) => [
          name,
          batch.rows[row * batch.width + i],
        ]),
      );
    expect(named(0)).toMatchObject({
      'method=PUT': 1,
      'method=(unseen)': 0,
      'amount is observed': 1,
      'sin hour': 1,
      'flag=true': 1,
      'flag=false': 0,
    });
    expect(named(0)['cos hour']).toBeCloseTo(0, 6);
    expect(named(1)).toMatchObject({
      amount: 0,
      items: 0,
      'method=PUT': 0,
      'sin hour': 0,
      'cos hour': 0,
      'hour is observed': 0,
      'items is observed': 0,
    });
    expect(named(2)).toMatchObject({ 'method=(unseen)': 1, 'amount is observed': 0 });
    const [amount, delay, items, share, distance] = encoding.scored.map((dimension, i) =>
      Math.log(dimension.derivative([5, 1, 2, 0.5, 10][i]!)),
    );
    expect(batch.logJacobian[0]).toBeCloseTo(amount! + delay! + items! + share! + distance!, 10);
    expect(batch.logJacobian[1]).toBeCloseTo(delay! + share! + distance!, 10);
    expect(batch.logDiscrete[1]).toBeLessThan(0);
  });

  it('numbers missing patterns, and knows those of the training rows', () => {
    const { missingPattern } = encoding.encode(table);
    records.forEach((record, row) => {
      const missing = schema.map(({ name }) => name).filter((name) => record[name as keyof typeof record] === null);
      expect(encoding.missingFeatures(missingPattern[row]!)).toEqual(missing);
    });
    const { table: rows } = reader.read([{ ...records[1]!, amount: null }, records[1]!]);
    expect([...encoding.encode(rows).missingPattern]).toEqual([-1, 0]);
  });

  it('marks what lies outside its domain, keeps its row finite, and names it', () => {
    const good = records[1]!;
    const { table: rows, faults } = reader.read([
      good,
      { ...good, amount: -1 },
      { ...good, share: 1.5, items: 2.5 },
      { ...good, distance: 0 },
      { ...good, load: -3 },
    ]);
    expect(faults).toEqual([]);
    const batch = encoding.encode(rows);
    expect([...batch.outOfDomain]).toEqual([0, 1, 1, 1, 1]);
    expect([0, 1, 2, 3, 4].map((row) => encoding.outsideDomain(rows, row))).toEqual([
      [],
      ['amount'],
      ['items', 'share'],
      ['distance'],
      ['load'],
    ]);
    expect([...batch.rows, ...batch.logJacobian].every(Number.isFinite)).toBe(true);
  });

  it('encodes any record that the reader accepts to finite numbers', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.constantFrom(0, 1, 1e300, -1e38),
    );
    const record = fc.record({
      amount: fc.option(number),
      method: fc.option(fc.oneof(fc.string(), fc.constantFrom('GET', 'PUT'))),
      hour: fc.option(number),
      delay: number,
      items: fc.option(number),
      load: number,
      share: number,
      distance: number,
      flag: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(record), (rows) => {
        const read = reader.read(rows);
        const batch = encoding.encode(read.table);
        expect(batch.rows.length).toBe(read.accepted.length * 18);
        expect(batch.rows.every(Number.isFinite)).toBe(true);
        expect(batch.logJacobian.every(Number.isFinite)).toBe(true);
        expect(batch.logDiscrete.every((value) => value < 0 && Number.isFinite(value))).toBe(true);
      }),
    );
  });

  it('is undone by decode', () => {
    const decoded = encoding.decode(encoding.encode(table).rows, table.size);
    table.numeric.forEach((value, i) => {
      const back = decoded.numeric[i]!;
      if (Number.isNaN(value)) expect(back).toBeNaN();
      else if (i % 7 === 3) expect(back).toBe(value);
      // float32 has 24 bits, and the log scales multiply their error by the range of the logarithm.
      else expect(Math.abs(back - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    });
    const kept = table.levels.map((level) => (level === 'GET' ? null : level));
    expect(decoded.levels).toEqual(kept);
    expect(() => encoding.decode(new Float32Array(17), 1)).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }),
    );
  });

  it('offers each dimension for explanations: an increasing map, its inverse and its derivative', () => {
    const typical = [20, -30, 3, 0.4, 300];
    encoding.scored.forEach((dimension, i) => {
      const value = typical[i]!;
      const encoded = dimension.toEncoded(value);
      const step = 1e-5 / dimension.derivative(value);
      const slope = (dimension.toEncoded(value + step) - dimension.toEncoded(value - step)) / (2 * step);
      expect(dimension.fromEncoded(encoded)).toBeCloseTo(value, 9);
      if (dimension.type !== 'integer') expect(slope / dimension.derivative(value)).toBeCloseTo(1, 6);
      expect(dimension.derivative(value)).toBeGreaterThan(0);
      expect(dimension.sigma).toBeCloseTo(encoding.noise.gaussian[i]!, 6);
    });
  });

  it('scores an unseen level by its mass, and a wrong one by its count', () => {
    const { table: rows } = reader.read([
      { ...records[1]!, method: 'TRACE' },
      { ...records[1]!, method: 'BREW' },
      records[1]!,
    ]);
    const [trace, brew] = [0, 1].map((row) => encoding.levelSurprises(rows, row)[0]!.probability);
    expect(trace).toBe(brew);
    expect(encoding.levelDistribution(rows, 0, 'method').map(({ level }) => level)).toContain(null);
    expect(
      encoding
        .levelDistribution(rows, 0, 'flag')
        .map(({ level }) => level)
        .sort(),
    ).toEqual(['false', 'true']);
  });

  it('encodes no rows', () => {
    const none = encoding.encode({ size: 0, numeric: new Float64Array(0), numericWidth: 7, levels: [], levelWidth: 2 });
    expect(none).toMatchObject({ size: 0, width: 18, rows: new Float32Array(0) });
  });

  it('gives a row the same encoding in any batch', () => {
    const whole = encoding.encode(table);
    const { table: one } = reader.read([records[123]!]);
    expect(encoding.encode(one).rows).toEqual(whole.rows.slice(123 * 18, 124 * 18));
    expect(encoding.encode(one).logJacobian[0]).toBe(whole.logJacobian[123]);
  });

  it('takes rows apart for training', () => {
    const batch = encoding.encode(table);
    const { x, context, size } = encoding.split(batch);
    expect([size, x.length, context.length]).toEqual([400, 2000, 5200]);
    expect([...x.slice(15, 20), ...context.slice(39, 52)]).toEqual([...batch.rows.slice(54, 72)]);
  });

  it('refuses tables of another schema, missing values that may not be, and infinite ones', () => {
    const invalid = expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' });
    expect(() => encoding.encode(numbers(1))).toThrow(invalid);
    const one = fitEncoding([feature('x', 'real')], numbers(1, 2));
    expect(() => one.encode(numbers(NaN))).toThrow(invalid);
    expect(() => one.encode(numbers(Infinity))).toThrow(invalid);
    expect(() => encoding.encode({ ...table, levels: table.levels.map(() => null) })).toThrow(invalid);
  });

  it('knows the standard deviations of its numbers in original units', () => {
    const normal = sample(2_000, (u) => 500 + 3 * Math.sqrt(12) * (u - 0.5));
    const [spread] = fitEncoding([feature('x', 'real')], numbers(...normal)).numericSpreads;
    expect(spread).toBeCloseTo(3, 0);
    const [wide] = fitEncoding([feature('x', 'positive')], numbers(...normal)).numericSpreads;
    expect(wide).toBeCloseTo(3, 0);
    expect(encoding.numericSpreads).toHaveLength(table.numericWidth);
    const restored = FeatureEncoding.fromJSON(JSON.parse(JSON.stringify(encoding)));
    expect(restored.numericSpreads).toEqual(encoding.numericSpreads);
  });

  it('survives JSON text bit for bit', () => {
    const restored = FeatureEncoding.fromJSON(JSON.parse(JSON.stringify(encoding)));
    expect(restored.encode(table)).toEqual(encoding.encode(table));
    expect(restored.noise).toEqual(encoding.noise);
    expect(restored.contextNames).toEqual(encoding.contextNames);
    expect(restored.warnings).toEqual(encoding.warnings);
    expect(JSON.stringify(restored)).toBe(JSON.stringify(encoding));
    expect(restored.scored[0]!.fromEncoded(0.3)).toBe(encoding.scored[0]!.fromEncoded(0.3));
  });
});
