import type { Emission } from './emission.ts';
import { f32x4 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import { writeFormulas } from './formula.ts';
import { readLanes, times } from './lanes.ts';
import type { Lanes } from './lanes.ts';
import { at } from '../../at.ts';
import { differentiate } from '../../formula/differentiate.ts';
import { input, one } from '../../formula/graph.ts';
import { planarFormula } from '../../formula/planar.ts';
import type { PlanarStep } from '../../plan/plan.ts';

/**
 * Emits a planar step over lanes. `parameters` are the blocks of w, u′ and b, and `saves` is the
 * block that keeps u of the reading.
 */
export const writePlanar = (
  emission: Emission,
  lanes: Lanes,
  step: PlanarStep,
  parameters: readonly number[],
  saves: number | null,
): void => {
  const { f, vectors } = lanes;
  const x = (i: number): V128 => readLanes(emission, lanes, step.read, i);
  const { w, u, inputs } = planarInputs(emission, lanes, step, parameters, x);
  const formula = planarFormula(step.leastSlope);
  const results = writeFormulas(f, emission.math, [formula.correction, formula.tanh, formula.logDet], (i) =>
    at(inputs, i),
  );
  const [correction, tanh, logDet] = [at(results, 0), at(results, 1), at(results, 2)];
  for (let i = 0; i < vectors; i++) {
    const before = f.let(x(i));
    if (saves !== null) lanes.store(saves, i, before);
    const uHat = emission.math.multiplyAdd(correction, w(i), u(i));
    lanes.setState(step.read.dimensions, i, emission.math.multiplyAdd(uHat, tanh, before));
  }
  lanes.addLogDet(logDet);
};

/** Emits the reverse pass of a planar step. `adjoint` is the block of ∂ log p / ∂state. */
export const writePlanarReverse = (
  emission: Emission,
  lanes: Lanes,
  step: PlanarStep,
  parameters: readonly number[],
  saves: number,
  adjoint: number,
): void => {
  const { f, vectors } = lanes;
  const { math } = emission;
  const { dimensions, scale } = step.read;
  const { w, u, inputs } = planarInputs(emission, lanes, step, parameters, (i) => lanes.load(saves, i));
  const formula = planarFormula(step.leastSlope);
  const [correction = f32x4.constant(0)] = writeFormulas(f, math, [formula.correction], (i) => at(inputs, i));
  const along = f.let(
    lanes.sum((i, sum) =>
      math.multiplyAdd(lanes.state(dimensions, i, adjoint), math.multiplyAdd(correction, w(i), u(i)), sum),
    ),
  );
  const seeds = [[formula.tanh, input(3)] as const, [formula.logDet, one] as const];
  const [atA = f32x4.constant(0)] = writeFormulas(f, math, differentiate(seeds, [formula.a]), (i) =>
    at([...inputs, along], i),
  );
  for (let i = 0; i < vectors; i++) {
    const atRead = math.multiplyAdd(w(i), atA, lanes.state(dimensions, i, adjoint));
    lanes.setState(dimensions, i, f32x4.mul(atRead, lanes.constants(scale, i)), adjoint);
  }
};

/** w and u′, 0 where not observed, and the sums w·u′, |w|² and w·x + b. */
const planarInputs = (
  { math }: Emission,
  lanes: Lanes,
  { read }: PlanarStep,
  parameters: readonly number[],
  x: (i: number) => V128,
): { w: (i: number) => V128; u: (i: number) => V128; inputs: readonly V128[] } => {
  const observed = (block: number) => (i: number) => times(lanes.load(block, i), lanes.mask(read.dimensions, i));
  const [w, u] = [observed(at(parameters, 0)), observed(at(parameters, 1))];
  const dot = (a: (i: number) => V128, b: (i: number) => V128): V128 =>
    lanes.f.let(lanes.sum((i, sum) => math.multiplyAdd(a(i), b(i), sum)));
  const a = lanes.f.let(f32x4.add(dot(w, x), lanes.loadShared(at(parameters, 2))));
  return { w, u, inputs: [dot(w, u), dot(w, w), a] };
};
