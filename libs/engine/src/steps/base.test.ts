import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { baseTrainingFormulas } from './base.ts';
import { evaluator } from '../formula/evaluate.ts';
import type { Base } from '../plan/plan.ts';
import { evaluateBase } from '../targets/reference/base.ts';
import { ParameterGradient } from '../targets/reference/parameter-gradient.ts';

const [location, logScale] = [Float64Array.of(0.4), Float64Array.of(-0.7)];
const bases: readonly Base[] = [
  { type: 'normal', location, logScale },
  { type: 'studentT', degreesOfFreedom: 3, logNormalizer: -1, location, logScale },
];

describe.each(bases)('the training formulas of a $type base', (base) => {
  const formulas = baseTrainingFormulas(base);
  const derivatives = evaluator(formulas.reverse);

  it.each([-40, -1.3, 0.4, 0.9, 7])('have the derivatives of the textbook form at %d', (z) => {
    const places: Base = { ...base, location: Float64Array.of(1), logScale: Float64Array.of(2) };
    const gradient = new ParameterGradient(2);
    const s = -0.3;
    const atZ = evaluateBase(base, Float64Array.of(z), Float64Array.of(1)).reverse(s, { places, gradient });
    const shrink = Math.exp(-at(logScale, 0));
    const found = derivatives([(z - at(location, 0)) * shrink, shrink, s]);
    [...atZ, ...gradient.values].forEach((expected, i) =>
      expect(Math.abs(at(found, i) - expected)).toBeLessThan(1e-14 * (1 + Math.abs(expected))),
    );
  });
});
