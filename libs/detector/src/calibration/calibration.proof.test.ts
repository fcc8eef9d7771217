import { describe, expect, it } from '@jest/globals';
import { FlowlineError } from '@flowline/events';
import { Random } from '@flowline/flows';
import fc from 'fast-check';
import { toleranceOf } from '@flowline/engine';
import { fitCalibration, pValueOf, smallestPValue, tailScoreAt, type Calibration } from './calibration.ts';
import { lowerBound } from '../sorted.ts';

const draws = (n: number, draw: (u: number) => number, random: Random): Float64Array =>
  Float64Array.from({ length: n }, () => draw(1 - random.uniform()));
const exponential = (u: number): number => -Math.log(u);

/** Score at which p falls to alpha, by bisection of the function itself. */
const thresholdOf = (calibration: Calibration, alpha: number): number => {
  let low = 0;
  let high = 1;
  while (pValueOf(calibration, high).p > alpha) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (pValueOf(calibration, middle).p > alpha) low = middle;
    else high = middle;
  }
  return high;
};

describe('conformal p-values', () => {
  it('count the calibration scores at least as large', () => {
    const scores = Float64Array.from({ length: 199 }, (_, i) => Math.floor(i / 2));
    const calibration = fitCalibration(scores, new Random(1));
    for (const score of [-1, 0, 0.5, 1, 50, 60.2]) {
      const atLeast = scores.filter((each) => each >= score).length;
      expect(pValueOf(calibration, score)).toEqual({ p: (1 + atLeast) / 200, method: 'empirical' });
    }
  });

  it('are uniform on fresh rows', () => {
    const random = new Random(2);
    const calibration = fitCalibration(draws(20_000, exponential, random), random);
    const p = draws(20_000, exponential, random).map((score) => pValueOf(calibration, score).p);
    p.sort();
    // Kolmogorov–Smirnov distance of two samples of 20,000: 0.0195 at the 0.1 % level.
    const distance = p.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (i + 0.5) / p.length)), 0);
    expect(distance).toBeLessThan(0.0195);
  });

  it('keep at most 20,000 scores and stay conservative between them', () => {
    const random = new Random(3);
    const scores = draws(50_000, exponential, random);
    const calibration = fitCalibration(scores, random);
    expect(calibration.scores).toHaveLength(20_000);
    const sorted = Float64Array.from(scores).sort();
    for (let rank = 0; rank < 47_000; rank += 97) {
      const score = sorted[rank]!;
      // Scores up to the rounding of two backends below it count as tied.
      const tied = lowerBound(sorted, score - 2 * toleranceOf(score));
      const exact = (1 + 50_000 - tied) / 50_001;
      const { p } = pValueOf(calibration, score);
      expect(p).toBeGreaterThanOrEqual(exact - 1e-12);
      expect(p).toBeLessThan(exact + 4 / 50_000);
    }
  });
});

describe('the tail', () => {
  // Means over 5 calibration sets of the true probability above the threshold. Longer runs are in
  // docs/reference/calibration.md.
  it.each<[string, (u: number) => number, (score: number) => number]>([
    ['exponential', exponential, (s) => Math.exp(-s)],
    ['Pareto, shape 1', (u) => 1 / u, (s) => 1 / s],
  ])('alarms no more often than asked at n = 20,000: %s', (_, draw, survival) => {
    const random = new Random(4);
    const realised = [0, 0];
    const repeats = 5;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const calibration = fitCalibration(draws(20_000, draw, random), random);
      [1e-3, 1e-4].forEach((alpha, i) => {
        realised[i]! += survival(thresholdOf(calibration, alpha)) / alpha / repeats;
      });
    }
    for (const ratio of realised) {
      expect(ratio).toBeLessThan(1);
      expect(ratio).toBeGreaterThan(0.35);
    }
  });

  const calibration = fitCalibration(draws(20_000, exponential, new Random(5)), new Random(6));

  it('falls like the exponential it was fitted to, from 1e-2 to the floor', () => {
    for (const score of [5, 7, 9]) {
      const { p, method } = pValueOf(calibration, score);
      expect(method).toBe('tail');
      expect(Math.abs(Math.log(p) + score)).toBeLessThan(1);
    }
    expect(pValueOf(calibration, 1e6)).toEqual({ p: smallestPValue, method: 'floor' });
    expect(pValueOf(calibration, 5e12).method).toBe('floor');
    expect(pValueOf(calibration, Infinity)).toEqual({ p: smallestPValue, method: 'floor' });
    expect(pValueOf(calibration, NaN)).toEqual({ p: smallestPValue, method: 'floor' });
  });

  it('joins the bulk without a jump and inverts', () => {
    const { tail } = calibration;
    const join = tail?.knots[0] ?? NaN;
    const rounded = join + 2 * toleranceOf(join + 1);
    const [below, above] = [pValueOf(calibration, join), pValueOf(calibration, rounded)];
    expect([below.method, above.method]).toEqual(['empirical', 'tail']);
    // On each side, three scores in 20,000 lie within the rounding.
    expect(below.p - above.p).toBeLessThan(2 / 20_001 + 8 * toleranceOf(join) * 0.05);
    expect(below.p).toBeGreaterThanOrEqual(above.p);
    if (tail !== null) {
      for (const p of [1e-2, 1e-4, 1e-9]) expect(pValueOf(calibration, tailScoreAt(tail, p)).p / p).toBeCloseTo(1, 3);
    }
  });

  it('does not let a few absurd scores hide the rest', () => {
    const random = new Random(7);
    const scores = draws(20_000, exponential, random);
    for (const i of [11, 500, 7000]) scores[i] = 5e12;
    const calibration = fitCalibration(scores, random);
    const threshold = thresholdOf(calibration, 1e-3);
    expect(Math.exp(-threshold)).toBeGreaterThan(2e-4);
    expect(Math.exp(-threshold)).toBeLessThan(1.5e-3);
    // Three of 20,000 scores were as large, which rules out a rate of one in a million.
    expect(pValueOf(calibration, 1e12).p).toBeGreaterThan(3e-5);
  });

  it('is absent where ties leave nothing to fit, and p stays at 1/(n + 1)', () => {
    const calibration = fitCalibration(new Float64Array(5000).fill(3), new Random(8));
    expect(calibration.tail).toBeNull();
    expect(pValueOf(calibration, 3).p).toBe(1);
    expect(pValueOf(calibration, 4)).toEqual({ p: 1 / 5001, method: 'empirical' });
  });
});

describe('every calibration', () => {
  const scoresArbitrary = fc.array(
    fc.oneof(
      fc.double({ min: -50, max: 50, noNaN: true }),
      fc.double({ min: 0, max: 5e12, noNaN: true }),
      fc.constant(7),
    ),
    { minLength: 400, maxLength: 700 },
  );

  it('is monotone, and its p-values lie in [1e-12, 1]', () => {
    fc.assert(
      fc.property(scoresArbitrary, fc.integer(), (scores, seed) => {
        const calibration = fitCalibration(Float64Array.from(scores), new Random(seed));
        const probes = [...scores, ...scores.map((score) => score * 1.01), 1e13, 1e30].sort((a, b) => a - b);
        let previous = 1;
        for (const probe of probes) {
          const { p } = pValueOf(calibration, probe);
          if (!(p <= previous && p >= smallestPValue)) return false;
          previous = p;
        }
        return true;
      }),
      { numRuns: 25 },
    );
  });

  it('is the same for the same seed', () => {
    const scores = draws(2000, exponential, new Random(9));
    expect(fitCalibration(scores, new Random(10))).toEqual(fitCalibration(scores, new Random(10)));
  });

  it('refuses too few rows and rows without a finite density', () => {
    expect(() => fitCalibration(new Float64Array(99), new Random(1))).toThrow(FlowlineError);
    expect(() => fitCalibration(new Float64Array(200).fill(Infinity, 7, 8), new Random(1))).toThrow(/row 7/);
  });
});
