import { describe, expect, it } from '@jest/globals';
import { at, type FeatureSpec } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { fitEncoding, type FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';

import { AxisEvaluator } from './axis-evaluator.ts';
import { conditionals, quickConditionals } from './conditionals.ts';
import { explainRows } from './explain-rows.ts';
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

describe('an explanation', () => {
  const schema: readonly FeatureSpec[] = ['x', 'w', 'u'].map((name) => ({
    ...{ name, from: name, type: 'real', role: 'score', nullable: false, maxLevels: 64, period: null },
  }));
  /** x at ±3, w near x where it is wide, u for itself. */
  const world: Mixture = {
    means: [
      [-3, -3, 0],
      [3, 3, 0],
    ],
    deviations: [0.3, 0.3, 1],
  };
  const tableOf = (rows: readonly (readonly number[])[]): FeatureTable => {
    const numeric = Float64Array.from(rows.flat());
    return { size: rows.length, numeric, numericWidth: 3, levels: [], levelWidth: 0 };
  };
  const random = new Random(3);
  const encoding = fitEncoding(schema, tableOf(Array.from({ length: 2_000 }, () => drawn(world, random))));
  /** log p of encoded rows under the exact density, in encoded units. */
  const score = (rows: Float32Array, n: number): Promise<Float64Array> =>
    Promise.resolve(
      Float64Array.from({ length: n }, (_, row) => {
        const own = encoding.scored.map(({ fromEncoded }, i) => fromEncoded(rows[row * 3 + i]!));
        const scale = encoding.scored.reduce((sum, { derivative }, i) => sum + Math.log(derivative(own[i]!)), 0);
        return logDensity(world, Float32Array.from(own)) - scale;
      }),
    );
  const scorer = { score, gradient: () => Promise.reject(new Error('few axes need no gradient')) };
  const parts = { encoding, scorer: scorer as unknown as Scorer, members: [], flows: [] };

  it.each(['quick', 'full'] as const)('names the feature between two modes, and both ranges: %s', async (effort) => {
    const events = Array.from({ length: EVENTS }, () => {
      const [, w, u] = drawn(world, random);
      return [2 * random.uniform() - 1, w!, u!];
    });
    const pValues = events.map(() => ({ p: 1e-12, method: 'floor', raisedBy: 'low_density' }) as const);
    const found = await explainRows(parts, tableOf(events), pValues, effort);
    const right = found.filter(({ contributions }) => contributions[0]?.feature === 'x').length;
    expect(right / EVENTS).toBeGreaterThanOrEqual(0.95);
  });

  it('has the features in the order of the density of the others, which is not that of the bits', async () => {
    const events = Array.from({ length: 50 }, () => {
      const spoilt = drawn({ ...world, deviations: [0.6, 0.3, 2] }, random);
      return [...spoilt.slice(0, 2), Math.max(-3, Math.min(3, spoilt[2]!))];
    });
    const pValues = events.map(() => ({ p: 1e-300, method: 'tail', raisedBy: 'low_density' }) as const);
    const found = await explainRows(parts, tableOf(events), pValues, 'full');
    const axes = events.flatMap((_, row) => [0, 1, 2].map((dimension) => ({ row, dimension })));
    const answers = await conditionals(new AxisEvaluator(scorer, encoding.encode(tableOf(events))), axes);
    let others = 0;
    found.forEach(({ contributions }, row) => {
      const own = [0, 1, 2].map((i) => ({ name: schema[i]!.name, ...answers[3 * row + i]! }));
      const named = (order: typeof own): string[] => order.map(({ name }) => name);
      // Where no value is beyond its trained range, whose fall would be added.
      if (own.some((_, i) => encoding.scored[i]!.fallBeyondRange(events[row]![i]!) > 0)) return;
      const byGain = named(own.toSorted((a, b) => b.gainNats - a.gainNats));
      expect(contributions.map(({ feature }) => feature)).toEqual(byGain);
      if (byGain.join() !== named(own.toSorted((a, b) => b.bits - a.bits)).join()) others++;
    });
    expect(others).toBeGreaterThan(5);
  });

  it('says of a value between two modes that it is neither', async () => {
    const free: Mixture = { ...world, means: world.means.map(([x]) => [x!, 0, 0]) };
    const own = (rows: Float32Array, n: number): Promise<Float64Array> =>
      Promise.resolve(
        Float64Array.from({ length: n }, (_, row) => {
          const values = encoding.scored.map(({ fromEncoded }, i) => fromEncoded(rows[row * 3 + i]!));
          return logDensity(free, Float32Array.from(values));
        }),
      );
    const apart = { ...parts, scorer: { ...scorer, score: own } as unknown as Scorer };
    const [found] = await explainRows(
      apart,
      tableOf([[0, 0.1, 0.2]]),
      [{ p: 1e-9, method: 'tail', raisedBy: 'low_density' }],
      'quick',
    );
    expect(found?.contributions[0]).toMatchObject({ feature: 'x', direction: 'unlikely' });
    expect(found?.expected.x?.ranges).toHaveLength(2);
    expect(found?.summary).toMatch(
      /^x 0, expected −3\.\d+–−2\.\d+ or 2\.\d+–3\.\d+ given the rest \(29\.9 bits; the event 29\.9\)$/,
    );
  });
});
