import { describe, expect, it } from '@jest/globals';
import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

import { AxisEvaluator } from './axis-evaluator.ts';
import { conditionals, quickConditionals } from './conditionals.ts';
import { screened } from './screening.ts';

const EVENTS = 200;

/** Mixture of Gaussians of one variance per dimension, whose density is exact. */
interface Mixture {
  readonly means: readonly (readonly number[])[];
  readonly deviations: readonly number[];
}

const logDensity = ({ means, deviations }: Mixture, x: Float32Array): number => {
  const logs = means.map((mean) =>
    x.reduce((sum, value, i) => {
      const sd = at(deviations, i);
      return sum - ((value - at(mean, i)) / sd) ** 2 / 2 - Math.log(sd);
    }, 0),
  );
  const top = Math.max(...logs);
  return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / means.length);
};

function evaluatorOf(mixture: Mixture, rows: Float32Array, width: number): AxisEvaluator {
  const of = (row: Float32Array): number => logDensity(mixture, row);
  return new AxisEvaluator(
    {
      score: (x, n) =>
        Promise.resolve(Float64Array.from({ length: n }, (_, i) => of(x.subarray(i * width, (i + 1) * width)))),
      gradient: () => Promise.reject(new Error('few axes need no gradient')),
    },
    { rows, width, size: rows.length / width },
  );
}

const drawn = (mixture: Mixture, random: Random): number[] => {
  const mean = at(mixture.means, Math.floor(random.uniform() * mixture.means.length));
  return mean.map((centre, i) => centre + at(mixture.deviations, i) * random.normal());
};

/** Share of the events of which the feature with the largest gain is the culprit. */
async function named(mixture: Mixture, culprit: number, spoil: (row: number[], random: Random) => number) {
  const random = new Random(1);
  const width = mixture.deviations.length;
  const rows = Float32Array.from(
    Array.from({ length: EVENTS }, () => {
      const row = drawn(mixture, random);
      row[culprit] = spoil(row, random);
      return row;
    }).flat(),
  );
  const axes = Array.from({ length: EVENTS * width }, (_, i) => ({ row: Math.floor(i / width), dimension: i % width }));
  const evaluator = evaluatorOf(mixture, rows, width);
  const full = await conditionals(evaluator, axes);
  const started = await screened(evaluator, axes);
  const quick = await quickConditionals(evaluator, started);
  const share = (answers: readonly { row: number; dimension: number; gain: number }[]): number => {
    let right = 0;
    for (let row = 0; row < EVENTS; row++) {
      const own = answers.filter((each) => each.row === row).sort((a, b) => b.gain - a.gain);
      if (own[0]?.dimension === culprit) right++;
    }
    return right / EVENTS;
  };
  const gains = (of: typeof full, from: readonly { row: number; dimension: number }[]) =>
    from.map((axis, i) => ({ ...axis, gain: of[i]?.gainNats ?? -Infinity }));
  return {
    full: share(gains(full, axes)),
    quick: share(
      gains(
        quick,
        started.map(({ axis }) => axis),
      ),
    ),
    answers: axes.map((axis, i) => ({ ...axis, answer: full[i]! })),
  };
}

/** x at ±3; w follows x, so that it is surprising given a wrong x. */
const twoModes: Mixture = {
  means: [
    [-3, -3, 0, 0],
    [3, 3, 0, 0],
  ],
  deviations: [0.3, 0.3, 1, 1],
};
const independent: Mixture = {
  means: [
    [-3, 0, 0, 0],
    [3, 0, 0, 0],
  ],
  deviations: [0.3, 0.5, 1, 1],
};
const oneMode: Mixture = { means: [[0, 0, 0, 0]], deviations: [1, 0.5, 0.3, 2] };

describe('the feature without which the event is most normal', () => {
  it.each([
    ['between two modes', independent, 0, () => 0],
    ['anywhere between two modes', independent, 0, (_row: number[], random: Random) => 3 * random.uniform() - 1.5],
    ['between two modes that another feature follows', twoModes, 0, () => 0],
    ['in the mode of the others', twoModes, 2, (row: number[]) => at(row, 2) + 8],
    ['far out, of one mode', oneMode, 0, () => 5],
    ['far out, of one mode and a narrow feature', oneMode, 2, () => -2],
  ] as const)('is the culprit in at least 95 % of events: %s', async (_, mixture, culprit, spoil) => {
    const shares = await named(mixture, culprit, spoil);
    expect(shares.full).toBeGreaterThanOrEqual(0.95);
    expect(shares.quick).toBeGreaterThanOrEqual(0.95);
  });

  it('between two modes is unlikely, neither high nor low, with two expected ranges and all the bits', async () => {
    const { answers } = await named(independent, 0, () => 0);
    for (const { answer } of answers.filter(({ dimension }) => dimension === 0)) {
      expect(answer.direction).toBe('between');
      expect(answer.bits).toBeGreaterThan(60);
      expect(answer.ranges).toHaveLength(2);
      // Of each mode, the middle 90 %.
      const [low, high] = answer.ranges!;
      for (const [end, exact] of [
        [low!.from, -3 - 1.645 * 0.3],
        [low!.to, -3 + 1.645 * 0.3],
        [high!.from, 3 - 1.645 * 0.3],
        [high!.to, 3 + 1.645 * 0.3],
      ] as const) {
        expect(Math.abs(end - exact)).toBeLessThan(0.01);
      }
    }
  });
});
