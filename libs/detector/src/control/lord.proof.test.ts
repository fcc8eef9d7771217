import { at, isAnomalous } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { fitCalibration, pValueOf } from '../calibration/calibration.ts';
import { lordThresholds, partitionWealth } from './lord.ts';

/** Events of one partition: their p-values, and which are anomalies indeed. */
interface Events {
  readonly pValues: Float64Array;
  readonly isSignal: readonly boolean[];
}

const NONE = { tests: 0, discovered: 0, latest: [] };
const STREAMS = 1_000;

/** False and true discoveries of a detector whose partitions are given. */
function discoveriesOf(level: number, partitions: readonly Events[]): { false: number; true: number } {
  const found = { false: 0, true: 0 };
  partitions.forEach(({ pValues, isSignal }, partition) => {
    const thresholds = lordThresholds(partitionWealth(level, partition), NONE, pValues);
    pValues.forEach((p, i) => {
      if (isAnomalous(p, at(thresholds, i))) found[at(isSignal, i) ? 'true' : 'false']++;
    });
  });
  return found;
}

/** Events of which `share` are anomalies in bursts of ten; a normal one is drawn by `normal`. */
function drawn(random: Random, size: number, share: number, normal: () => number): Events {
  const isSignal: boolean[] = [];
  while (isSignal.length < size) {
    const isBurst = random.uniform() < share;
    for (let i = 0; i < 10; i++) isSignal.push(isBurst);
  }
  return {
    isSignal,
    pValues: Float64Array.from(isSignal, (signal) => (signal ? 10 ** (-10 * random.uniform()) : normal())),
  };
}

/** Mean and standard error of a statistic over seeded streams. */
function over(statistic: (random: Random) => number): { readonly mean: number; readonly error: number } {
  const values = Array.from({ length: STREAMS }, (_, seed) => statistic(new Random(seed)));
  const mean = values.reduce((sum, value) => sum + value, 0) / STREAMS;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (STREAMS - 1);
  return { mean, error: Math.sqrt(variance / STREAMS) };
}

const proportion = (found: { false: number; true: number }): number =>
  found.false / Math.max(1, found.false + found.true);

describe('the false discovery rate on 1,000 seeded streams of a detector with three partitions', () => {
  it.each([
    [0.05, 0.02],
    [0.05, 0.002],
    [0.2, 0.02],
    [0.2, 0],
  ])('is at most %p where %p of the events are anomalies', (level, share) => {
    let caught = 0;
    const { mean, error } = over((random) => {
      const partitions = [0, 1, 2].map(() => drawn(random, 1_000, share, () => 1 - random.uniform()));
      const found = discoveriesOf(level, partitions);
      caught += found.true / Math.max(1, partitions.flatMap(({ isSignal }) => isSignal).filter(Boolean).length);
      return proportion(found);
    });
    expect(mean).toBeLessThanOrEqual(level + 3 * error);
    // It is no bound that finds nothing: 10 ** (−10·u) is below 1e-4 in 60 %.
    if (share === 0.02) expect(caught / STREAMS).toBeGreaterThan(0.6);
  });

  it('is at most the level with p-values of a calibration of 20,000 rows', () => {
    const random = new Random(7);
    const exponential = (): number => -Math.log(1 - random.uniform());
    const calibration = fitCalibration(Float64Array.from({ length: 20_000 }, exponential), random);
    const { mean, error } = over((stream) => {
      const normal = (): number => pValueOf(calibration, -Math.log(1 - stream.uniform())).p;
      return proportion(
        discoveriesOf(
          0.1,
          [0, 1, 2].map(() => drawn(stream, 1_000, 0.01, normal)),
        ),
      );
    });
    expect(mean).toBeLessThanOrEqual(0.1 + 3 * error);
  });

  it('is held in the mean of false and of all discoveries however partitions depend on each other', () => {
    const level = 0.2;
    // All partitions have the same normal events, and anomalies of their own.
    const excess = over((random) => {
      const shared = drawn(random, 1_000, 0, () => 1 - random.uniform());
      const partitions = [0, 1, 2].map(() => {
        const own = drawn(random, 1_000, 0.01, () => 1);
        return { ...own, pValues: own.pValues.map((p, i) => (own.isSignal[i] === true ? p : at(shared.pValues, i))) };
      });
      const found = discoveriesOf(level, partitions);
      return found.false - level * Math.max(1, found.false + found.true);
    });
    expect(excess.mean).toBeLessThanOrEqual(3 * excess.error);
  });
});
