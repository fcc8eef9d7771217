import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { betaCdf, betaQuantile, logGamma } from './beta.ts';

describe('logGamma', () => {
  it('is the log factorial at integers and log √π at one half', () => {
    let logFactorial = 0;
    for (let n = 1; n <= 170; n++) {
      expect(logGamma(n)).toBeCloseTo(logFactorial, 10);
      logFactorial += Math.log(n);
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
  });
});

describe('betaCdf', () => {
  it('is the binomial tail at integer parameters', () => {
    // P(Binomial(n, x) ≥ k) = I_x(k, n + 1 − k)
    const [n, x] = [12, 0.3];
    for (let k = 1; k <= n; k++) {
      let tail = 0;
      for (let j = k; j <= n; j++) {
        tail += Math.exp(
          logGamma(n + 1) - logGamma(j + 1) - logGamma(n - j + 1) + j * Math.log(x) + (n - j) * Math.log(1 - x),
        );
      }
      expect(betaCdf(x, k, n + 1 - k)).toBeCloseTo(tail, 12);
    }
  });

  it('is x for the uniform law and mirrors its parameters', () => {
    expect(betaCdf(0.37, 1, 1)).toBeCloseTo(0.37, 14);
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.5, max: 5000, noNaN: true }),
        fc.double({ min: 0.5, max: 5000, noNaN: true }),
        (x, a, b) => Math.abs(betaCdf(x, a, b) + betaCdf(1 - x, b, a) - 1) < 1e-9,
      ),
    );
  });
});

describe('betaQuantile', () => {
  it('inverts the CDF, also at rates of one in millions', () => {
    for (const [a, b] of [
      [1, 1],
      [2, 19_999],
      [20, 19_981],
      [1, 5_000_000],
      [950, 51],
    ] as const) {
      for (const probability of [0.05, 0.5, 0.95]) {
        expect(betaCdf(betaQuantile(probability, a, b), a, b)).toBeCloseTo(probability, 9);
      }
    }
  });

  it('has the closed form of Beta(1, b)', () => {
    expect(betaQuantile(0.9, 1, 20_000) / -Math.expm1(Math.log(0.1) / 20_000)).toBeCloseTo(1, 9);
  });
});
