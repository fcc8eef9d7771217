import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AxisEvaluator } from './axis-evaluator.ts';
import { conditionals, quickConditionals } from './conditionals.ts';
import { screened } from './screening.ts';

/**
 * log of the upper tail of a standard normal, by its asymptotic series far out and by quadrature
 * otherwise.
 */
const logUpperTail = (z: number): number => {
  if (z > 8)
    return -(z * z) / 2 - Math.log(z * Math.sqrt(2 * Math.PI)) + Math.log1p(-1 / z ** 2 + 3 / z ** 4 - 15 / z ** 6);
  const steps = 4000;
  const end = Math.max(z, 0) + 14;
  const h = (end - z) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const t = z + i * h;
    sum += Math.exp(-(t * t) / 2) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  }
  return Math.log((sum * h) / 3 / Math.sqrt(2 * Math.PI));
};
const bitsOf = (z: number): number => -1 - logUpperTail(Math.abs(z)) / Math.LN2;

/** log p along a row, in float64 like the reference engine. */
const scorerOf = (logDensity: (x: Float32Array) => number, width: number) => ({
  score: (rows: Float32Array, n: number) =>
    Promise.resolve(Float64Array.from({ length: n }, (_, i) => logDensity(rows.subarray(i * width, (i + 1) * width)))),
  gradient: (rows: Float32Array, n: number) =>
    Promise.resolve(
      Float32Array.from({ length: n * width }, (_, i) => {
        const x = rows.slice(i - (i % width), i - (i % width) + width);
        const [at, before] = [x[i % width]!, logDensity(x)];
        x[i % width] = at + 2 ** -10;
        return (logDensity(x) - before) * 2 ** 10;
      }),
    ),
});
const evaluatorOf = (logDensity: (x: Float32Array) => number, rows: Float32Array, width: number) =>
  new AxisEvaluator(scorerOf(logDensity, width), { rows, width, size: rows.length / width });
const oneAxis = async (logDensity: (t: number) => number, observed: number) =>
  (
    await conditionals(
      evaluatorOf((x) => logDensity(at(x, 0)), Float32Array.of(observed), 1),
      [first],
    )
  )[0];
/** The same by screening and a quick curve. */
const quickly = async (logDensity: (t: number) => number, observed: number) => {
  const evaluator = evaluatorOf((x) => logDensity(at(x, 0)), Float32Array.of(observed), 1);
  return (await quickConditionals(evaluator, await screened(evaluator, [first])))[0];
};
const first = { row: 0, dimension: 0 };

describe('the conditional of a Gaussian', () => {
  // Equal correlations: x_i | rest is normal with mean ρ·Σ rest/(1 + (d − 2)ρ) and variance (1 −
  // ρ)(1 + (d − 1)ρ)/(1 + (d − 2)ρ).
  const [d, rho] = [8, 0.9];
  const logDensity = (x: Float32Array): number => {
    const sum = x.reduce((total, value) => total + value, 0);
    const squares = x.reduce((total, value) => total + value * value, 0);
    return -(squares - (rho / (1 + (d - 1) * rho)) * sum * sum) / (2 * (1 - rho));
  };
  const sd = Math.sqrt(((1 - rho) * (1 + (d - 1) * rho)) / (1 + (d - 2) * rho));

  it('has its closed form in 8 dimensions, for typical and for far rows', async () => {
    const rows = Float32Array.from({ length: 3 * d }, (_, i) => [0.3, -1.2, 2][Math.floor(i / d)]! + Math.sin(i));
    rows[2 * d + 5] = 40;
    const axes = Array.from({ length: 3 * d }, (_, i) => ({ row: Math.floor(i / d), dimension: i % d }));
    const answers = await conditionals(evaluatorOf(logDensity, rows, d), axes);
    axes.forEach(({ row, dimension }, i) => {
      const x = rows.subarray(row * d, (row + 1) * d);
      const rest = x.reduce((total, value) => total + value, 0) - x[dimension]!;
      const mean = (rho * rest) / (1 + (d - 2) * rho);
      const z = (x[dimension]! - mean) / sd;
      const answer = answers[i]!;
      expect(answer.median).toBeCloseTo(mean, 9);
      expect(answer.p05).toBeCloseTo(mean - 1.6448536269514722 * sd, 8);
      expect(answer.p95).toBeCloseTo(mean + 1.6448536269514722 * sd, 8);
      expect(answer.direction).toBe(z > 0 ? 'high' : 'low');
      expect(Math.abs(answer.bits / bitsOf(z) - 1)).toBeLessThan(Math.abs(z) < 8 ? 1e-9 : 2e-3);
    });
  });

  it('is found wherever it lies and however narrow it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: -2000, max: 2000, noNaN: true }),
        fc.double({ min: -4, max: 4, noNaN: true }),
        fc.double({ min: -30, max: 30, noNaN: true }),
        async (mean, logSd, z) => {
          // A smaller width could not be resolved by float32 at that position.
          const width = Math.max(Math.exp(logSd), Math.abs(mean) * 1e-3);
          const observed = Math.fround(mean + z * width);
          const answer = (await oneAxis((t) => -(((t - mean) / width) ** 2) / 2, observed))!;
          const exact = (observed - mean) / width;
          expect(Math.abs((answer.median - mean) / width)).toBeLessThan(1e-6);
          expect(Math.abs((answer.p95 - answer.p05) / width / 3.2897072539 - 1)).toBeLessThan(1e-6);
          expect(Math.abs(answer.bits - bitsOf(exact))).toBeLessThan(1e-5 + 2e-3 * bitsOf(exact));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('other conditionals', () => {
  it('may have two modes: a value between them is unlikely, on neither side', async () => {
    const mixture = (t: number): number => Math.log(Math.exp(-((t + 3) ** 2) * 8) + 3 * Math.exp(-((t - 3) ** 2) * 8));
    const between = (await oneAxis(mixture, 0))!;
    // The two outer tails at the same density, and nothing at the bottom of the gap: of the mass
    // of modes with sd 1/4, at most that beyond 12 standard deviations.
    expect(between.bits).toBeGreaterThan(bitsOf(11.8));
    expect(between.bits).toBeLessThan(bitsOf(12.2));
    expect(between.direction).toBe('between');
    expect(between.below).toBeCloseTo(0.25, 6);
    // As dense as both modes: everything but the core of the larger one.
    const low = (await oneAxis(mixture, -3))!;
    const core = Math.sqrt(2 * Math.log(3)) / 4;
    expect(low.direction).toBe('low');
    expect(low.bits).toBeCloseTo(-Math.log2(1 - 0.75 * (1 - 2 ** -bitsOf(4 * core))), 4);
    expect(low.median).toBeCloseTo(3 - 0.10768, 4);
    const ranges = low.ranges!.map(({ from, to }) => [from, to]);
    expect(ranges).toHaveLength(2);
    for (const [from, to] of ranges) expect(to! - from!).toBeLessThan(1);
  });

  it('may have a kink, as a ReLU network makes them: a Laplace law of scale 1e-3', async () => {
    const answer = (await oneAxis((t) => -Math.abs(t - 0.7312) * 1000, 0.7412))!;
    expect(answer.median).toBeCloseTo(0.7312, 4);
    expect(answer.p95).toBeCloseTo(0.7312 + Math.log(10) * 1e-3, 4);
    expect(answer.bits).toBeCloseTo(10 / Math.LN2, 1);
  });

  it('stay finite for absurd values, and are null where another feature drowns them', async () => {
    const answer = (await oneAxis((t) => -t * t * 0.5, 1e12))!;
    expect(answer.bits / (0.5e24 / Math.LN2)).toBeCloseTo(1, 3);
    expect(answer.median).toBeCloseTo(0, 9);
    const drowned = evaluatorOf((x) => -(x[0]! ** 2 + x[1]! ** 2) / 2, Float32Array.of(1e6, 0.3), 2);
    const axes = [0, 1].map((dimension) => ({ row: 0, dimension }));
    const [culprit, other] = await conditionals(drowned, axes);
    expect(culprit?.bits).toBeGreaterThan(7e11);
    expect(other).toBeNull();
  });

  it('are asked for in batches of bounded size, with about 130 evaluations each', async () => {
    const sizes: number[] = [];
    const scorer = scorerOf((x) => -(x[0]! ** 2) / 2, 1);
    const counting = { ...scorer, score: (rows: Float32Array, n: number) => (sizes.push(n), scorer.score(rows, n)) };
    const rows = Float32Array.from({ length: 400 }, (_, i) => i / 100);
    const axes = Array.from({ length: 400 }, (_, row) => ({ row, dimension: 0 }));
    await conditionals(new AxisEvaluator(counting, { rows, width: 1, size: 400 }), axes);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8_192 + 65);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(400 * 131);
  });
});

describe('a quick conditional', () => {
  it('has the bits and the range of the closed form on a Gaussian, wherever it lies', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: -6, max: 6, noNaN: true }),
        fc.double({ min: -2.3, max: 0.5, noNaN: true }),
        fc.double({ min: -30, max: 30, noNaN: true }),
        async (mean, logSd, z) => {
          const width = Math.exp(logSd);
          const observed = Math.fround(mean + z * width);
          const answer = (await quickly((t) => -(((t - mean) / width) ** 2) / 2, observed))!;
          expect(Math.abs((answer.median - mean) / width)).toBeLessThan(1e-4);
          expect(Math.abs((answer.p95 - answer.p05) / width / 3.2897072539 - 1)).toBeLessThan(1e-4);
          const exact = bitsOf((observed - mean) / width);
          expect(Math.abs(answer.bits - exact)).toBeLessThan(0.05 + 1e-4 * exact);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('sees two modes, and a value beyond both', async () => {
    const mixture = (t: number): number => Math.log(Math.exp(-((t + 3) ** 2) * 8) + 3 * Math.exp(-((t - 3) ** 2) * 8));
    const [gap, exact] = [(await quickly(mixture, 0))!, (await oneAxis(mixture, 0))!];
    expect(gap.direction).toBe('between');
    expect(Math.abs(gap.bits / exact.bits - 1)).toBeLessThan(0.05);
    const [quick, full] = [(await quickly(mixture, 5))!, (await oneAxis(mixture, 5))!];
    expect(Math.abs(quick.bits / full.bits - 1)).toBeLessThan(0.01);
    expect(quick.direction).toBe('high');
  });
});

describe('screening', () => {
  // Independent features of several widths, some of them with two modes.
  const d = 40;
  const sd = (i: number): number => 0.15 + 0.02 * i;
  const logDensity = (x: Float32Array): number =>
    x.reduce((sum, t, i) => {
      const near = -((t / sd(i)) ** 2) / 2;
      return sum + (i % 3 === 0 ? near : Math.max(near, -(((t - 3) / sd(i)) ** 2) / 2));
    }, 0);
  const axes = Array.from({ length: 2 * d }, (_, i) => ({ row: Math.floor(i / d), dimension: i % d }));

  it('keeps the most surprising features of each row, at a few evaluations per feature', async () => {
    const rows = Float32Array.from({ length: 2 * d }, (_, i) => 0.5 * Math.sin(i) * sd(i % d));
    const planted = [
      [3, 17, 30],
      [0, 12, 39],
    ] as const;
    planted.forEach((own, row) => own.forEach((i, k) => (rows[row * d + i] = -(5 + k) * sd(i))));
    let evaluations = 0;
    const scorer = scorerOf(logDensity, d);
    const counting = {
      ...scorer,
      score: (x: Float32Array, n: number) => ((evaluations += n), scorer.score(x, n)),
    };
    const kept = await screened(new AxisEvaluator(counting, { rows, width: d, size: 2 }), axes);
    planted.forEach((own, row) => {
      const names = kept.filter(({ axis }) => axis.row === row).map(({ axis }) => axis.dimension);
      expect(names).toHaveLength(6);
      expect(names.slice(0, 3)).toEqual([...own].reverse());
    });
    expect(evaluations / axes.length).toBeLessThan(11);
  });
});
