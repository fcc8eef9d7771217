import { describe, expect, it } from '@jest/globals';

import { rowNumbers, uniformAt, Use, writeNormalQuantile, writeUniform } from './random.ts';
import { i32 } from '../assembly/expression.ts';
import { ModuleBuilder } from '../assembly/module-builder.ts';
import { VectorMath } from '../math.ts';
import { wasmTarget } from '../runtime/wasm-target.ts';
import { webAssembly } from '../runtime/web-assembly.ts';

const ROWS = 40_000;
const FEATURE = 3;
const seed = [12_345, 0x9e3779b9] as const;

/** Numbers of `ROWS` rows in one step: uniform ones, then normal ones. */
const draw = (step: number): { uniform: Float32Array; normal: Float32Array } => {
  const module = new ModuleBuilder();
  const math = new VectorMath(wasmTarget().fused);
  const run = module.define('draw', 1, (f) => {
    const row = f.let(i32.constant(0));
    f.doWhile(
      () => {
        const counter = { step: f.parameter(0), row: f.let(rowNumbers(row)), feature: FEATURE, use: Use.gaussian };
        const uniform = f.let(writeUniform(f, seed, counter));
        const to = f.let(i32.mul(row, i32.constant(4)));
        f.store(to, uniform);
        f.store(to, writeNormalQuantile(f, math, uniform), 4 * ROWS);
        f.advance(row, 4);
      },
      () => i32.ltU(row, i32.constant(ROWS)),
    );
  });
  module.export('draw', run);
  const { exports } = new webAssembly.Instance(new webAssembly.Module(module.build(8 * ROWS + 64)));
  (exports.draw as (step: number) => void)(step);
  const { buffer } = exports.memory as { buffer: ArrayBuffer };
  return {
    uniform: new Float32Array(buffer, 0, ROWS).slice(),
    normal: new Float32Array(buffer, 4 * ROWS, ROWS).slice(),
  };
};

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const correlation = (a: Float32Array, b: Float32Array): number => {
  const [ma, mb] = [mean(a), mean(b)];
  const sums = a.reduce(
    ([ab, aa, bb], value, i) => [ab! + (value - ma) * (b[i]! - mb), aa! + (value - ma) ** 2, bb! + (b[i]! - mb) ** 2],
    [0, 0, 0],
  );
  return sums[0]! / Math.sqrt(sums[1]! * sums[2]!);
};

describe('random numbers of compiled training', () => {
  it('are those of the definition, inside (0, 1)', () => {
    const { uniform } = draw(7);
    for (let row = 0; row < ROWS; row += 97) {
      expect(uniform[row]).toBeCloseTo(uniformAt(seed, 7, row, FEATURE, Use.gaussian), 7);
    }
    expect(Math.min(...uniform)).toBeGreaterThan(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
  });

  it('are uniform: the Kolmogorov–Smirnov distance is below its 0.1 % quantile, in each of ten steps', () => {
    for (let step = 0; step < 10; step++) {
      const sorted = draw(step).uniform.sort();
      const distance = sorted.reduce((most, value, i) => Math.max(most, Math.abs(value - (i + 0.5) / ROWS)), 0);
      expect(distance).toBeLessThan(1.95 / Math.sqrt(ROWS));
    }
  });

  it('are uncorrelated between rows and between steps', () => {
    const [first, second] = [draw(1).uniform, draw(2).uniform];
    const bound = 4 / Math.sqrt(ROWS);
    for (const lag of [1, 2, 4, 16, 256]) {
      expect(Math.abs(correlation(first.subarray(lag), first.subarray(0, ROWS - lag)))).toBeLessThan(bound);
    }
    expect(Math.abs(correlation(first, second))).toBeLessThan(bound);
  });

  it('are normal by the quantile', () => {
    const { uniform, normal } = draw(3);
    expect(Math.abs(mean(normal))).toBeLessThan(4 / Math.sqrt(ROWS));
    expect(mean(normal.map((z) => z * z))).toBeCloseTo(1, 1);
    // Φ(z) = u, with the error function by its series and continued fraction.
    for (let row = 0; row < ROWS; row += 211) {
      const [u, z] = [uniform[row]!, normal[row]!];
      expect(Math.abs(normalDistribution(z) - u)).toBeLessThan(2e-6);
    }
  });
});

/** Φ(z) by quadrature of the density from 0, in float64. */
const normalDistribution = (z: number): number => {
  const steps = 400;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const t = (z * i) / steps;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-0.5 * t * t);
  }
  return 0.5 + ((z / steps / 3) * sum) / Math.sqrt(2 * Math.PI);
};
