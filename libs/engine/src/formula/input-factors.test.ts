import { describe, expect, it } from '@jest/globals';

import { constant, exp, input, mul, multiplyAdd, tanh } from './graph.ts';
import { inputFactors } from './input-factors.ts';
import { transformFormulas } from '../steps/transform.ts';

describe('factors of the inputs of formulas', () => {
  it('are those of every use of an input, whose products are named', () => {
    const [a, b] = [input(1), input(2)];
    const [once, again, other] = [mul(a, constant(0.5)), mul(a, constant(0.5)), mul(b, constant(3))];
    const { factors, products } = inputFactors([tanh(once), exp(again), other]);
    expect([...factors]).toEqual([
      [1, 0.5],
      [2, 3],
    ]);
    expect([...products]).toEqual([
      [once, 1],
      [again, 1],
      [other, 2],
    ]);
  });

  it('are none for an input that is used in two ways, or as it is, nor for the first', () => {
    const [u, a, b, c] = [input(0), input(1), input(2), input(3)];
    const twice = [mul(a, constant(0.5)), mul(a, constant(2))];
    const both = multiplyAdd(b, exp(mul(b, constant(2))), tanh(mul(u, constant(3))));
    const { factors, products } = inputFactors([...twice, both, mul(c, constant(4)), c]);
    expect(factors.size).toBe(0);
    expect(products.size).toBe(0);
  });

  it('are those of the bounded log-scale of an affine map', () => {
    const { forward } = transformFormulas({ type: 'affine', scale: { kind: 'tanh', bound: 4 } });
    expect([...inputFactors(forward).factors]).toEqual([[1, 0.25]]);
  });
});
