import { at, type FeatureSpec, isAnomalous } from '@flowline/events';
import { columnsOf, type FeatureTable } from '@flowline/features';
import { initBackend, Random } from '@flowline/flows';
import { beforeAll, describe, expect, it } from '@jest/globals';

import type { HistoryParts } from '../bundle/bundle.ts';
import { Detector } from '../detector.ts';
import { trainDetector } from '../training/train-detector.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { withoutCopies } from './copies.ts';

const DIMENSIONS = 12;
const ALPHA = 0.05;
const [TRAINED, CALIBRATED, EVENTS, SETS] = [60, 1_000, 4_000, 16];

const schema = Array.from({ length: DIMENSIONS }, (_, i): FeatureSpec => ({
  ...{ name: `x${i}`, type: 'real', from: `x${i}`, role: 'score', nullable: false, maxLevels: 64, period: null },
}));
const spec: DetectorTrainingSpec = {
  ...{ name: 'd', schema, lookups: {}, family: 'gaussian', seed: 1, members: 1, data: 'clean', alpha: ALPHA },
};

beforeAll(() => initBackend('wasm'));

type Row = readonly number[];
const tableOf = (rows: readonly Row[]): FeatureTable => ({
  ...{ size: rows.length, numeric: Float64Array.from(rows.flat()), numericWidth: DIMENSIONS },
  ...{ levels: [], levelWidth: 0 },
});

/** A history whose model has seen few rows, of which a share of the later ones are copies. */
function historyOf(random: Random, share: number) {
  const draw = (): Row => Array.from({ length: DIMENSIONS }, () => random.normal());
  const train = Array.from({ length: TRAINED }, draw);
  let copies = 0;
  const later = (size: number): Row[] =>
    Array.from({ length: size }, () => {
      if (random.uniform() >= share) return draw();
      copies++;
      return at(train, Math.floor(random.uniform() * TRAINED));
    });
  const rows = {
    train,
    validation: Array.from({ length: 20 }, draw),
    calibration: later(CALIBRATED),
    test: later(200),
  };
  const { validation, calibration, test } = rows;
  const columns = (of: readonly Row[]) => columnsOf(tableOf(of));
  return {
    parts: {
      ...{ train: columns(train), validation: columns(validation) },
      ...{ calibration: columns(calibration), test: columns(test) },
    },
    copies,
    events: tableOf(Array.from({ length: EVENTS }, draw)),
  };
}

/** Share of new events that alarm. */
async function alarmRate(parts: HistoryParts<ReturnType<typeof columnsOf>>, events: FeatureTable): Promise<number> {
  const { bundle } = await trainDetector(spec, parts);
  const detector = await Detector.create(bundle, { alpha: ALPHA, backend: 'auto' });
  try {
    const { pValues } = await detector.score(events);
    return pValues.filter((p) => isAnomalous(p, ALPHA)).length / events.size;
  } finally {
    detector.dispose();
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);

describe('a history of which rows are copies of training rows', () => {
  it.each([
    [0.1, 1.04],
    [0.5, 1.7],
  ])(
    'has the alarm rate asked for, once they do not calibrate: share %p',
    async (share, atLeast) => {
      const [kept, left]: [number[], number[]] = [[], []];
      for (let set = 0; set < SETS; set++) {
        const { parts, copies, events } = historyOf(new Random(700 + set), share);
        const without = withoutCopies(parts, 20);
        expect(without?.leftOut).toBe(copies);
        kept.push((await alarmRate(parts, events)) / ALPHA);
        if (without !== null) left.push((await alarmRate(without.parts, events)) / ALPHA);
      }
      // The standard error of a mean is at most 0.05.
      expect(Math.abs(mean(left) - 1)).toBeLessThan(0.1);
      expect(mean(kept) / mean(left)).toBeGreaterThan(atLeast);
    },
    120_000,
  );
});
