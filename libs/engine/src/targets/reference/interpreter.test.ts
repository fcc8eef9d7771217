import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import fc from 'fast-check';

import { interpret } from './interpreter.ts';
import { beside } from '../../lower/mlp.ts';
import { PlanBuilder } from '../../lower/plan-builder.ts';
import type { Activation, Layer, Network } from '../../plan/plan.ts';
import { planShapes } from '../../testing/plan-arbitrary.ts';
import { randomPlan, randomRows, typicalShape } from '../../testing/random-plan.ts';

describe('the reference', () => {
  it('scores affine maps and permutations as the normal density that they are', () => {
    const builder = new PlanBuilder(2, 0, [null, null]);
    builder.affine([2, 0.5], [1, -1]);
    builder.permute([1, 0]);
    builder.affine([-3, 1], [0, 4]);
    const result = interpret(builder.build(), [0.3, 0.7]);
    const z = [-3 * (0.5 * 0.7 - 1), 2 * 0.3 + 1 + 4] as const;
    expect([...result.latent]).toEqual(z.map((value) => expect.closeTo(value, 12)));
    const expected = Math.log(2 * 0.5 * 3) - Math.log(2 * Math.PI) - 0.5 * (z[0] ** 2 + z[1] ** 2);
    expect(result.score).toBeCloseTo(expected, 12);
    expect([...result.gradient()]).toEqual([expect.closeTo(-z[1] * 2, 12), expect.closeTo(z[0] * 1.5, 12)]);
  });

  it('has the log-determinant of the Jacobian of its latent', () => {
    const plan = randomPlan({
      ...typicalShape,
      features: 3,
      context: 1,
      nullable: 0,
      couplings: 4,
      hidden: [7],
      activation: 'tanh',
      seed: 3,
    });
    const row = [0.4, -1.1, 0.8, 0.5];
    const step = 1e-5;
    const columns = [0, 1, 2].map((i) => {
      const moved = (by: number) =>
        interpret(
          plan,
          row.map((x, j) => (j === i ? x + by : x)),
        ).latent;
      const [up, down] = [moved(step), moved(-step)];
      return up.map((value, j) => (value - down[j]!) / (2 * step));
    });
    const [a, b, c] = columns as [Float64Array, Float64Array, Float64Array];
    const determinant =
      a[0]! * (b[1]! * c[2]! - c[1]! * b[2]!) -
      b[0]! * (a[1]! * c[2]! - c[1]! * a[2]!) +
      c[0]! * (a[1]! * b[2]! - b[1]! * a[2]!);
    const { score, latent } = interpret(plan, row);
    const base = latent.reduce((sum, z) => sum - 0.5 * z * z - 0.5 * Math.log(2 * Math.PI), 0);
    expect(score - base).toBeCloseTo(Math.log(Math.abs(determinant)), 6);
  });

  it('does not look at what stands in the place of a missing value', () => {
    fc.assert(
      fc.property(planShapes(8), fc.double(), (shape, anything) => {
        const plan = randomPlan({ ...shape, context: Math.max(1, shape.context), nullable: 1 });
        const row = [...randomRows(plan, 1, new Random(shape.seed))];
        row[plan.features + plan.presence[0]!] = 0;
        const other = row.map((x, i) => (i === 0 ? anything : x));
        expect(interpret(plan, other).score).toBe(interpret(plan, row).score);
        expect(interpret(plan, other).gradient()[0]).toBeCloseTo(0, 12);
      }),
      { numRuns: 40 },
    );
  });
});

/** Reference values from PyTorch in float64, stored beside the repository and not in it. */
const parityFile = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../../../../../shared/data/flows/parity/article_realnvp.json',
);
const hasParity = existsSync(parityFile);
if (!hasParity && process.env.FLOWLINE_REQUIRE_SHARED === '1') throw new Error(`${parityFile} is required`);
if (!hasParity) console.warn('skipped: the values of PyTorch are not beside this clone (../shared/data/flows/parity)');

interface ParityFile {
  readonly config: { readonly masks: readonly (readonly number[])[] };
  readonly weights: Readonly<Record<string, unknown>>;
  readonly x: readonly (readonly number[])[];
  readonly z: readonly (readonly number[])[];
  readonly logProb: readonly number[];
}

(hasParity ? describe : describe.skip)('the Real NVP of the article, as PyTorch computes it in float64', () => {
  it('agrees to 1e-10', () => {
    const file = JSON.parse(readFileSync(parityFile, 'utf8')) as ParityFile;
    const { masks } = file.config;
    const builder = new PlanBuilder(
      5,
      0,
      masks[0]!.map(() => null),
    );
    masks.forEach((mask, k) => {
      const conditioning = mask.flatMap((value, i) => (value === 1 ? [i] : []));
      const transformed = mask.flatMap((value, i) => (value === 1 ? [] : [i]));
      const network = (head: string, activation: Activation): Network =>
        maskedNetwork(file, `${k}.${head}`, activation, conditioning, transformed);
      builder.transform({
        conditioning,
        transformed,
        inputClip: null,
        transformer: { type: 'affine', scale: { kind: 'tanh', bound: 2 } },
        network: beside(network('s', 'tanh'), network('t', 'relu')),
      });
    });
    const plan = builder.build();
    file.x.forEach((row, i) => {
      const { score, latent } = interpret(plan, row);
      expect(Math.abs(score - file.logProb[i]!)).toBeLessThan(1e-10);
      latent.forEach((z, j) => expect(Math.abs(z - file.z[i]![j]!)).toBeLessThan(1e-10));
    });
  });
});

/**
 * The paper's networks read mask ⊙ x and output parameters for every feature. Keep only the columns
 * that count.
 */
const maskedNetwork = (
  file: ParityFile,
  prefix: string,
  activation: Activation,
  inputs: readonly number[],
  outputs: readonly number[],
): Network => {
  const names = Object.keys(file.weights).filter((name) => name.startsWith(prefix) && name.endsWith('.weight'));
  const layers = names.map((name, i): Layer => {
    const last = i === names.length - 1;
    const weight = file.weights[name] as number[][];
    const bias = file.weights[name.replace('.weight', '.bias')] as number[];
    const rows = last ? outputs : weight.map((_, o) => o);
    const columns = i === 0 ? inputs : weight[0]!.map((_, k) => k);
    return {
      type: 'dense',
      source: i,
      inputs: columns.length,
      outputs: rows.length,
      weights: Float64Array.from(columns.flatMap((column) => rows.map((row) => weight[row]![column]!))),
      bias: Float64Array.from(rows.map((row) => bias[row]!)),
      activation: last ? 'linear' : activation,
    };
  });
  return { inputs: inputs.length, layers, outputs: [layers.length] };
};
