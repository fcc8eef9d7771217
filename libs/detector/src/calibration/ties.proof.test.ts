import { describe, expect, it } from '@jest/globals';
import type { FeatureSpec, ScoringBackend } from '@flowline/events';
import { sliceTable, type FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';
import fc from 'fast-check';
import { fitCalibration, pValueOf } from './calibration.ts';
import { Detector } from '../detector.ts';
import { trainDetector } from '../training/train-detector.ts';

const feature = (name: string, type: FeatureSpec['type']): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
});

function tableOf(size: number, row: (random: Random) => readonly number[], seed: number): FeatureTable {
  const random = new Random(seed);
  const rows = Array.from({ length: size }, () => row(random));
  return { size, numeric: Float64Array.from(rows.flat()), numericWidth: rows[0]!.length, levels: [], levelWidth: 0 };
}

async function trained(schema: readonly FeatureSpec[], history: FeatureTable, data: 'clean' | 'unlabelled') {
  const at = (share: number) => Math.floor(history.size * share);
  const spec = { name: 'd', schema, lookups: {}, family: 'realNVP', seed: 1, members: 1, data, alpha: 1e-3 } as const;
  const { bundle } = await trainDetector(
    { ...spec, steps: 40 },
    {
      train: sliceTable(history, 0, at(0.6)),
      validation: sliceTable(history, at(0.6), at(0.7)),
      calibration: sliceTable(history, at(0.7), at(0.9)),
      test: sliceTable(history, at(0.9), history.size),
    },
  );
  return bundle;
}

const quick: readonly ScoringBackend[] = ['tfjs-wasm', 'wasm'];
const backends: readonly ScoringBackend[] = ['tfjs-wasm', 'tfjs-cpu', 'wasm', 'reference'];

/** p-values of rows on every backend, or on the given ones. */
async function pValues(
  bundle: Awaited<ReturnType<typeof trained>>,
  rows: FeatureTable,
  on: readonly ScoringBackend[] = backends,
) {
  const found: [ScoringBackend, Float64Array][] = [];
  for (const backend of on) {
    const detector = await Detector.create(bundle, { alpha: 1e-3, backend });
    found.push([backend, (await detector.score(rows)).pValues]);
    detector.dispose();
  }
  return found;
}

describe('ties among calibration rows', () => {
  it('a history of one row: that row is the most normal there is', async () => {
    const schema = [feature('a', 'real'), feature('b', 'integer'), feature('c', 'unit')];
    const same = (n: number) => tableOf(n, () => [5, 10, 0.5], 1);
    for (const [backend, p] of await pValues(await trained(schema, same(6_000), 'clean'), same(1))) {
      expect([backend, p[0]]).toEqual([backend, 1]);
    }
  });

  it('two values: each has the mass of its rows', async () => {
    const history = tableOf(6_000, (random) => [random.uniform() < 0.74 ? 1 : -1], 2);
    const bundle = await trained([feature('x', 'real')], history, 'clean');
    for (const [backend, p] of await pValues(
      bundle,
      tableOf(1, () => [-1], 3),
    )) {
      expect([backend, Math.round(10 * p[0]!)]).toEqual([backend, 3]);
    }
  });

  it('counts: 20,000 fresh ones raise at most the alarms that were asked for', async () => {
    const count = (random: Random): number[] => {
      const u = random.uniform();
      return [u < 0.6 ? 0 : u < 0.85 ? 1 : u < 0.97 ? 2 : 3];
    };
    const bundle = await trained([feature('k', 'integer')], tableOf(6_000, count, 4), 'clean');
    for (const [backend, p] of await pValues(bundle, tableOf(20_000, count, 5), quick)) {
      expect([backend, p.filter((each) => each <= 1e-3).length <= 20]).toEqual([backend, true]);
    }
  });

  it('zeros beside a lognormal, unlabelled: neither kind is an outlier', async () => {
    const value = (random: Random): number[] => [random.uniform() < 0.85 ? 0 : Math.exp(1 + random.normal() / 2)];
    const bundle = await trained([feature('v', 'real')], tableOf(6_000, value, 6), 'unlabelled');
    for (const [backend, p] of await pValues(bundle, tableOf(20_000, value, 7), quick)) {
      expect([backend, p.filter((each) => each <= 1e-3).length < 200]).toEqual([backend, true]);
    }
  });
});

describe('p-values of rounded scores', () => {
  it('are at the floor far beyond all rows but one, where no tail is fitted', () => {
    const random = new Random(9);
    const scores = Float64Array.from({ length: 300 }, () => -Math.log(1 - random.uniform()));
    scores[7] = 1e7;
    expect(pValueOf(fitCalibration(scores, random), 5e7)).toEqual({ p: 1e-12, method: 'floor' });
  });

  it('never rise with the score, and a rounding costs at most what lies within it', () => {
    const group = fc.tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 6 }), fc.integer(), (groups, seed) => {
        const random = new Random(Math.abs(seed));
        const scores = Float64Array.from(groups.flatMap(([score, rows]) => Array<number>(rows + 100).fill(score)));
        const calibration = fitCalibration(scores, random);
        for (const [score] of groups) {
          const atLeast = scores.filter((each) => each >= score).length;
          for (const jitter of [-4e-7, 0, 4e-7]) {
            const { p } = pValueOf(calibration, score + jitter);
            expect(p).toBeGreaterThanOrEqual(Math.min(0.05, (1 + atLeast) / (scores.length + 1)) * 0.5);
          }
        }
        let last = 1;
        const top = Math.max(...scores);
        for (const beyond of [0, 1e-3, 1, 30, 1e3, 1.7e7, 1e300]) {
          const { p } = pValueOf(calibration, top + beyond);
          expect(p).toBeLessThanOrEqual(last);
          last = p;
        }
        // Seventeen million nats beyond all scores: at the floor, with or without a tail.
        expect(pValueOf(calibration, top + 1.7e7)).toEqual({ p: 1e-12, method: 'floor' });
      }),
    );
  });
});
