import { describe, expect, it } from '@jest/globals';
import type { Explanation, FeatureSpec } from '@flowline/events';
import { createRecordReader, sliceTable } from '@flowline/features';
import { Random } from '@flowline/flows';

import { Detector } from '../detector.ts';
import { trainDetector } from '../training/train-detector.ts';

/** Contributions that differ by less are in no order: they are shown with one decimal. */
const ROUNDING_BITS = 0.1;
/** Features with fewer bits have a usual value. */
const LEAST_BITS = 2;
/** Difference of bits: near a mode the nodes are as far apart as this, and far out they are few. */
const [BITS, BITS_SHARE] = [0.5, 0.03];
const FAULTS = 300;

type Row = Record<string, number | string | null>;

const feature = (name: string, type: FeatureSpec['type'], nullable = false): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable, maxLevels: 64, period: null },
});

/**
 * d numbers that follow d/5 common factors: each tenth has two modes, another is positive, a count,
 * or sometimes missing. A level shifts the third.
 */
function worldOf(d: number) {
  const weights = new Random(d);
  const factors = Math.max(2, Math.round(d / 5));
  const loadings = Array.from({ length: d }, () =>
    Array.from({ length: factors }, () => weights.normal() / Math.sqrt(factors)),
  );
  const kind = (i: number): FeatureSpec['type'] => (i % 10 === 3 ? 'positive' : i % 10 === 7 ? 'integer' : 'real');
  const schema = [
    ...Array.from({ length: d }, (_, i) => feature(`f${i}`, kind(i), i % 10 === 5)),
    feature('site', 'categorical'),
  ];
  const record = (random: Random): Row => {
    const common = Array.from({ length: factors }, () => random.normal());
    const site = random.uniform() < 0.3 ? 'b' : 'a';
    const valueOf = (loading: readonly number[], i: number): number | null => {
      const value = loading.reduce((sum, weight, k) => sum + weight * common[k]!, 0) + 0.3 * random.normal();
      if (i % 10 === 1) return (common[0]! > 0 ? 3 : -3) + 0.5 * random.normal();
      if (i % 10 === 2) return value + (site === 'b' ? 3 : 0);
      if (i % 10 === 5) return random.uniform() < 0.2 ? null : value;
      return i % 10 === 3 ? Math.exp(value) : i % 10 === 7 ? Math.floor(3 * Math.abs(value)) : value;
    };
    return { ...Object.fromEntries(loadings.map((loading, i) => [`f${i}`, valueOf(loading, i)])), site };
  };
  return { schema, record };
}

/** Plants a fault: shifted, stuck, between two modes, swapped, wrong level, shifted and missing. */
function plant(row: Row, d: number, kind: number, random: Random): Row {
  const place = (): number => Math.floor(random.uniform() * d);
  const number = (i: number): number => Math.abs(Number(row[`f${i}`] ?? 1));
  const fit = (i: number, value: number): number =>
    i % 10 === 7 ? Math.floor(Math.abs(value)) : i % 10 === 3 ? Math.max(1e-3, value) : value;
  const [one, other] = [place(), place()];
  const shifted = { [`f${one}`]: fit(one, number(one) + 2 + 6 * random.uniform()) };
  switch (kind) {
    case 0:
      return { ...row, ...shifted };
    case 1:
      return { ...row, [`f${one}`]: fit(one, 0.5) };
    case 2:
      return { ...row, f1: 0.3 * random.normal() };
    case 3:
      return { ...row, [`f${one}`]: fit(one, number(other)), [`f${other}`]: fit(other, number(one)) };
    case 4:
      return { ...row, site: row.site === 'a' ? 'b' : 'a' };
    default:
      return { ...row, ...shifted, f5: null };
  }
}

/**
 * True if both name the same feature first, up to rounding, and the quick one has every other of
 * the first three of the full one that is surprising itself.
 */
function agrees(quick: Explanation, full: Explanation): boolean {
  const bits = new Map(full.contributions.map((each) => [each.feature, each.bits]));
  const named = new Set(quick.contributions.map(({ feature: name }) => name));
  const [own, other] = [quick.contributions[0], full.contributions[0]];
  if (own === undefined || other === undefined) return own === other;
  const isSame = own.feature === other.feature || Math.abs((bits.get(own.feature) ?? NaN) - other.bits) < ROUNDING_BITS;
  return isSame && full.contributions.slice(0, 3).every((each) => each.bits < LEAST_BITS || named.has(each.feature));
}

describe.each([
  { d: 10, steps: 400 },
  { d: 64, steps: 400 },
])('explanations of planted faults at d = $d', ({ d, steps }) => {
  it('name the feature that the full computation names, and what else is surprising, with its bits', async () => {
    const { schema, record } = worldOf(d);
    const reader = createRecordReader(schema, {});
    const random = new Random(42);
    const history = reader.read(Array.from({ length: 6_500 }, () => record(random))).table;
    const spec = { name: 'faults', schema, lookups: {}, family: 'realNVP', seed: 7, members: 1, alpha: 1e-3 } as const;
    const parts = {
      train: sliceTable(history, 0, 3_000),
      validation: sliceTable(history, 3_000, 3_500),
      calibration: sliceTable(history, 3_500, 5_500),
      test: sliceTable(history, 5_500, 6_500),
    };
    const { bundle } = await trainDetector({ ...spec, data: 'clean', steps }, parts, {});
    const detector = await Detector.create(bundle, { alpha: 1e-3, backend: 'wasm' });
    const faults = Array.from({ length: FAULTS }, (_, i) => plant(record(random), d, i % 6, random));
    const { table } = reader.read(faults);
    const scores = await detector.score(table);
    const rows = faults.map((_, row) => row);
    // Bits are capped at those of the event, and would be in no order: these events are certain.
    const certain = { ...scores, pValues: new Float64Array(FAULTS).fill(1e-300) };
    const quick = await detector.explain(table, rows, certain);
    const full = await detector.explainFully(table, rows, certain);
    detector.dispose();

    const agreeing = rows.filter((row) => agrees(quick[row]!, full[row]!)).length;
    expect(agreeing / FAULTS).toBeGreaterThanOrEqual(0.99);
    const differences = quick.flatMap(({ contributions }, row) => {
      const own = new Map(full[row]?.contributions.map((each) => [each.feature, each.bits]));
      return contributions.map(
        ({ feature: name, bits }) => Math.abs(bits - own.get(name)!) - BITS_SHARE * own.get(name)!,
      );
    });
    const within = differences.filter((each) => each < BITS).length;
    expect(within / differences.length).toBeGreaterThanOrEqual(0.99);
  }, 300_000);
});
