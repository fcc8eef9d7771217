import { at, type FeatureSpec } from '@flowline/events';
import { createRecordReader, type FeatureTable, rowValues, selectRows, sliceTable } from '@flowline/features';
import { initBackend, loadFlow, Random, saveFlow } from '@flowline/flows';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ModelBundle } from '../bundle/bundle.ts';
import { Detector } from '../detector.ts';
import type { ConditionalGrid } from '../explanation/feature-conditional.ts';
import { trainDetector } from '../training/train-detector.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable: false, maxLevels: 2, period: null },
  ...more,
});
/** Latency follows the load, doubles on route b, and is worse at night; the cache knows route a. */
const schema = [
  feature('load', 'real'),
  feature('latency', 'positive'),
  feature('retries', 'integer'),
  feature('cpu', 'unit', { nullable: true }),
  feature('spare', 'real', { nullable: true }),
  feature('route', 'categorical'),
  feature('cached', 'boolean'),
  feature('hour', 'cyclic', { role: 'context', period: 24 }),
];
const record = (random: Random): Record<string, unknown> => {
  const [z, other] = [random.normal(), random.uniform()];
  const route = other < 0.5 ? 'a' : other < 0.9 ? 'b' : `rare ${Math.floor(other * 100)}`;
  const hour = random.uniform() * 24;
  return {
    load: 50 + 10 * z,
    latency: Math.exp(
      3 + 0.6 * z + (route === 'b' ? 0.7 : 0) + 0.3 * Math.cos((hour / 12) * Math.PI) + 0.2 * random.normal(),
    ),
    retries: Math.floor(-Math.log(1 - random.uniform()) * 1.5),
    cpu: random.uniform() < 0.3 ? null : 1 / (1 + Math.exp(-0.8 * z - random.normal())),
    route,
    cached: random.uniform() < (route === 'a' ? 0.9 : 0.2),
    hour,
  };
};
const random = new Random(5);
const reader = createRecordReader(schema, {});
const tableOf = (records: readonly unknown[]): FeatureTable => {
  const { table, faults } = reader.read(records);
  expect(faults).toEqual([]);
  return table;
};
const typical = { load: 55, latency: 75, retries: 1, cpu: 0.6, route: 'b', cached: false, hour: 3 };
const grid: ConditionalGrid = { points: 301, from: null, to: null };
const options = { grid, levels: 100 };

let bundle: ModelBundle;
let detector: Detector;
/** The same with couplings that change nothing: independent normals in encoded units. */
let gaussian: Detector;

beforeAll(async () => {
  const history = tableOf(Array.from({ length: 5_000 }, () => record(random)));
  const part = (start: number, end: number) => sliceTable(history, start, end);
  const spec = {
    name: 'x',
    schema,
    lookups: {},
    family: 'realNVP',
    seed: 7,
    members: 2,
    data: 'clean',
    alpha: 1e-3,
  } as const;
  const parts = {
    train: part(0, 3_000),
    validation: part(3_000, 3_500),
    calibration: part(3_500, 4_500),
    test: part(4_500, 5_000),
  };
  ({ bundle } = await trainDetector({ ...spec, steps: 120 }, parts, {}));
  detector = await Detector.create(bundle, { alpha: 1e-3, backend: 'wasm' });
  await initBackend('wasm');
  const flow = loadFlow(at(bundle.flows, 0));
  flow.assign((_name, shape) => new Float32Array(shape.reduce((a, b) => a * b, 1)));
  gaussian = await Detector.create({ ...bundle, flows: [saveFlow(flow)] }, { alpha: 1e-3, backend: 'wasm' });
  flow.dispose();
}, 180_000);
afterAll(() => {
  detector.dispose();
  gaussian.dispose();
});

/** p(event) as scored, with values of one feature in turn. */
async function jointAlong(name: string, places: readonly unknown[]): Promise<Float64Array> {
  const { logDensityNats } = await detector.score(tableOf(places.map((value) => ({ ...typical, [name]: value }))));
  return logDensityNats.map(Math.exp);
}

const numbers = async (from: Detector, name: string, given = grid, event: object = typical) => {
  const found = await from.conditional(tableOf([event]), name, { ...options, grid: given });
  if (found.kind !== 'number') throw new Error(`${name} is no number`);
  return found;
};
const levels = async (name: string, event: object = typical) => {
  const found = await detector.conditional(tableOf([event]), name, options);
  if (found.kind !== 'level') throw new Error(`${name} is no level`);
  return found;
};

describe('the conditional of a number', () => {
  it.each(['load', 'latency', 'cpu'])('is the joint density of %s divided by its integral', async (name) => {
    const { grid: found, gridMass, expected, observed, below: own } = await numbers(detector, name);
    const [first, last] = [at(found, 0).value, at(found, found.length - 1).value];
    // By Simpson's rule over the scores, which know nothing of curves.
    const steps = 4_000;
    const width = (last - first) / steps;
    const places = Array.from({ length: steps + 1 }, (_, i) => first + i * width);
    const joint = await jointAlong(name, places);
    const until = new Float64Array(steps + 1);
    for (let i = 2; i <= steps; i += 2)
      until[i] = at(until, i - 2) + ((at(joint, i - 2) + 4 * at(joint, i - 1) + at(joint, i)) * width) / 3;
    const whole = at(until, steps) / gridMass;
    expect(gridMass).toBeGreaterThan(0.99);
    expect(gridMass).toBeLessThan(1 + 1e-3);
    const atPoints = await jointAlong(
      name,
      found.map(({ value }) => value),
    );
    const peak = Math.max(...found.map(({ density }) => density));
    found.forEach(({ density }, i) => expect(Math.abs(density - at(atPoints, i) / whole)).toBeLessThan(2e-3 * peak));
    const below = (value: number) => at(until, 2 * Math.round((value - first) / width / 2)) / whole;
    expect(below(expected.median)).toBeCloseTo(0.5, 2);
    expect(below(expected.p05)).toBeCloseTo(0.05, 2);
    expect(below(expected.p95)).toBeCloseTo(0.95, 2);
    expect(below(observed ?? NaN)).toBeCloseTo(Number(own), 2);
  });

  it('has the quantiles and the bits of the explanation', async () => {
    const table = tableOf([{ ...typical, latency: 2_000 }]);
    const [explanation] = await detector.explainFully(table, [0], await detector.score(table));
    for (const name of ['load', 'latency', 'retries', 'cpu']) {
      const found = await numbers(detector, name, grid, { ...typical, latency: 2_000 });
      expect(found.expected).toEqual(explanation?.expected[name]);
      const own = explanation?.contributions.find((each) => each.feature === name);
      expect([found.bits, found.direction]).toEqual([own?.bits, own?.direction]);
    }
  });

  it('is a normal law where the flow is one', async () => {
    const { grid: found, expected } = await numbers(gaussian, 'load');
    const scored = at(bundle.encoding.scored, 0);
    const [mean, sd] = [scored.fromEncoded(0), scored.fromEncoded(1) - scored.fromEncoded(0)];
    expect(expected.median).toBeCloseTo(mean, 3);
    expect((expected.p95 - expected.p05) / sd).toBeCloseTo(2 * 1.6448536, 4);
    for (const { value, density } of found) {
      const z = (value - mean) / sd;
      expect(density * sd).toBeCloseTo(Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI), 5);
    }
    expect((at(found, 0).value - mean) / sd).toBeCloseTo(-3.29053, 3);
  });

  it('of an integer is the probability of whole numbers', async () => {
    const { grid: found, gridMass } = await numbers(detector, 'retries');
    expect(found.every(({ value }) => Number.isInteger(value))).toBe(true);
    expect(new Set(found.map(({ value }) => value)).size).toBe(found.length);
    // The rest is below 0, where a flow of few steps has some.
    expect(gridMass).toBeGreaterThan(0.8);
    expect(gridMass).toBeLessThan(1.1);
    const joint = await jointAlong(
      'retries',
      found.map(({ value }) => value),
    );
    found.forEach(({ density }, i) =>
      expect(density / at(found, 1).density).toBeCloseTo(at(joint, i) / at(joint, 1), 3),
    );
    const few = await numbers(detector, 'retries', { points: 3, from: 0, to: 6 });
    expect(few.grid.map(({ value }) => value)).toEqual([0, 3, 6]);
  });

  it('takes ends, and a missing value for an observed one', async () => {
    const found = await numbers(detector, 'cpu', { points: 5, from: 0.2, to: 0.8 }, { ...typical, cpu: null });
    expect(found).toMatchObject({ observed: null, below: null, bits: null, direction: null });
    expect(at(found.grid, 0).value).toBeCloseTo(0.2, 6);
    expect(at(found.grid, 4).value).toBeCloseTo(0.8, 6);
    const observed = await numbers(detector, 'cpu', { points: 5, from: 0.2, to: 0.8 });
    expect(found.expected.median).toBeCloseTo(observed.expected.median, 3);
    await expect(numbers(detector, 'cpu', { points: 5, from: 2, to: 3 })).rejects.toMatchObject({ where: 'from' });
  });
});

describe('the conditional of a level', () => {
  it('is Bayes of the scores, with the prior of the explanation', async () => {
    const { levels: found, observed, rest } = await levels('route');
    expect(observed).toBe('b');
    expect(found).toHaveLength(3);
    expect(rest).toBe(0);
    const joint = await jointAlong(
      'route',
      found.map(({ level }) => level ?? 'none of them'),
    );
    const sum = joint.reduce((total, p) => total + p, 0);
    found.forEach(({ probability }, i) => expect(probability).toBeCloseTo(at(joint, i) / sum, 12));
    expect(found.reduce((total, { probability }) => total + probability, 0)).toBeCloseTo(1, 12);
    const table = tableOf([typical]);
    const [, own] = bundle.encoding.levelSurprises(table, 0);
    const cached = await levels('cached');
    expect(cached.levels.find(({ level }) => level === 'false')?.prior).toBe(own?.probability);
    // A latency that is usual on b says more than how often b is.
    expect(found.find(({ level }) => level === 'b')?.probability).toBeGreaterThan(0.6);
    expect(found.some(({ level }) => level === null)).toBe(true);
  });

  it.each([
    ['hour', 'is context'],
    ['nothing', 'no feature'],
    ['spare', 'No training row'],
  ])('is refused for %s', async (name, text) => {
    await expect(detector.conditional(tableOf([typical]), name, options)).rejects.toMatchObject({
      ...{ code: 'FLOWLINE_FEATURES_INVALID', message: expect.stringContaining(text), where: 'feature' },
    });
  });
});

describe('samples', () => {
  const valuesOf = (table: FeatureTable) =>
    Array.from({ length: table.size }, (_, row) => rowValues(schema, table, row));

  it('repeat by their seed, and fewer are the first of more', async () => {
    const draw = (count: number, seed: number) => detector.sample({ count, seed, given: {} });
    const first = await draw(200, 3);
    expect(await draw(200, 3)).toEqual(first);
    expect(valuesOf(await draw(70, 3))).toEqual(valuesOf(first).slice(0, 70));
    expect(await draw(200, 4)).not.toEqual(first);
  });

  it('have the moments of the normal law where the flow is one', async () => {
    const rows = valuesOf(await gaussian.sample({ count: 4_000, seed: 1, given: {} }));
    bundle.encoding.scored
      .filter(({ type, feature: name }) => type !== 'integer' && name !== 'spare')
      .forEach(({ feature: name, toEncoded }) => {
        const z = rows.flatMap((row) => (typeof row[name] === 'number' ? [toEncoded(row[name])] : []));
        const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
        const variance = z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / z.length;
        // Four standard errors.
        expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(z.length));
        expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / z.length));
      });
  });

  it.each(['load', 'latency'])('lie in the conditionals of %s as often as these say', async (name) => {
    const count = 500;
    const table = await detector.sample({ count, seed: 2, given: { hour: 3 } });
    const places = new Float64Array(count);
    for (let row = 0; row < count; row++) {
      const found = await detector.conditional(selectRows(table, [row]), name, {
        ...options,
        grid: { ...grid, points: 2 },
      });
      if (found.kind !== 'number') throw new Error('not a number');
      places[row] = found.below ?? NaN;
    }
    places.sort();
    const furthest = places.reduce((most, place, i) => Math.max(most, Math.abs(place - (i + 0.5) / count)), 0);
    // Kolmogorov and Smirnov, at 1 %.
    expect(furthest).toBeLessThan(1.63 / Math.sqrt(count));
    expect(valuesOf(table).every(({ hour }) => hour === 3)).toBe(true);
  });

  it('have the levels, the missing values and the context that they should', async () => {
    const rows = valuesOf(await detector.sample({ count: 4_000, seed: 8, given: {} }));
    const share = (holds: (row: (typeof rows)[number]) => boolean) => rows.filter(holds).length / rows.length;
    expect(share(({ cpu }) => cpu === null)).toBeCloseTo(0.3, 1);
    expect(share(({ spare }) => spare === null)).toBe(1);
    const named = share(({ route }) => route === 'a') / share(({ route }) => route === 'b');
    expect(named).toBeGreaterThan(1.05);
    expect(named).toBeLessThan(1.45);
    expect(rows.every(({ route }) => route === 'a' || route === 'b')).toBe(true);
    const ofA = rows.filter(({ route }) => route === 'a');
    expect(ofA.filter(({ cached }) => cached === 'true').length / ofA.length).toBeCloseTo(0.9, 1);
    expect(share(({ hour }) => typeof hour === 'number' && hour < 12)).toBeCloseTo(0.5, 1);
    expect(
      rows.every(({ retries, cpu, latency }) => Number.isInteger(retries) && Number(cpu) <= 1 && Number(latency) > 0),
    ).toBe(true);
    expect(
      (await detector.score(selectRows(tableOf(rows.map((row) => ({ ...row, cached: row.cached === 'true' }))), [0])))
        .outOfDomain[0],
    ).toBe(0);
  });

  it('end with a signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(detector.sample({ count: 10, seed: 1, given: {}, signal })).rejects.toThrow('enough');
  });

  it('refuse what is missing nowhere in training', async () => {
    await expect(detector.sample({ count: 1, seed: 1, given: { hour: null } })).rejects.toMatchObject({
      ...{ code: 'FLOWLINE_FEATURES_INVALID', where: 'context' },
    });
  });
});
