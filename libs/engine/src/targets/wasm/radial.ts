import type { Emission } from './emission.ts';
import { f32x4 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import { writeFormulas } from './formula.ts';
import { readLanes, times } from './lanes.ts';
import type { Lanes } from './lanes.ts';
import { at } from '../../at.ts';
import { differentiate } from '../../formula/differentiate.ts';
import { input, one } from '../../formula/graph.ts';
import { radialFormula } from '../../formula/radial.ts';
import type { RadialStep } from '../../plan/plan.ts';

/**
 * Emits a radial step over lanes. `parameters` are the blocks of center, alphaRaw and betaRaw, and
 * `saves` is the block that keeps u.
 */
export const writeRadial = (
  emission: Emission,
  lanes: Lanes,
  step: RadialStep,
  parameters: readonly number[],
  saves: number | null,
): void => {
  const { f, vectors } = lanes;
  const { math } = emission;
  const x = (i: number): V128 => readLanes(emission, lanes, step.read, i);
  const { offset, inputs } = radialInputs(emission, lanes, step, parameters, x);
  const formula = radialFormula();
  const results = writeFormulas(f, math, [formula.q, formula.logDet], (i) => at(inputs, i));
  for (let i = 0; i < vectors; i++) {
    const before = f.let(x(i));
    if (saves !== null) lanes.store(saves, i, before);
    lanes.setState(step.read.dimensions, i, math.multiplyAdd(at(results, 0), offset(i), before));
  }
  lanes.addLogDet(at(results, 1));
};

/** Emits the reverse pass of a radial step. `adjoint` is the block of ∂ log p / ∂state. */
export const writeRadialReverse = (
  emission: Emission,
  lanes: Lanes,
  step: RadialStep,
  parameters: readonly number[],
  saves: number,
  adjoint: number,
): void => {
  const { f, vectors } = lanes;
  const { math } = emission;
  const { dimensions, scale } = step.read;
  const { offset, inputs } = radialInputs(emission, lanes, step, parameters, (i) => lanes.load(saves, i));
  const along = f.let(lanes.sum((i, sum) => math.multiplyAdd(lanes.state(dimensions, i, adjoint), offset(i), sum)));
  const formula = radialFormula();
  const seeds = [[formula.q, input(4)] as const, [formula.logDet, one] as const];
  const results = writeFormulas(f, math, [formula.q, ...differentiate(seeds, [formula.square])], (i) =>
    at([...inputs, along], i),
  );
  const twice = f.let(f32x4.mul(at(results, 1), f32x4.constant(2)));
  for (let i = 0; i < vectors; i++) {
    const after = f.let(lanes.state(dimensions, i, adjoint));
    const within = math.multiplyAdd(offset(i), twice, f32x4.mul(after, at(results, 0)));
    const atRead = f32x4.add(after, times(within, lanes.mask(dimensions, i)));
    lanes.setState(dimensions, i, f32x4.mul(atRead, lanes.constants(scale, i)), adjoint);
  }
};

/**
 * x − center, 0 where not observed; |x − center|², alphaRaw, betaRaw, and the number of observed
 * dimensions.
 */
const radialInputs = (
  { math, plan }: Emission,
  lanes: Lanes,
  { read }: RadialStep,
  parameters: readonly number[],
  x: (i: number) => V128,
): { offset: (i: number) => V128; inputs: readonly V128[] } => {
  const { f } = lanes;
  const [center, alphaRaw, betaRaw] = [at(parameters, 0), at(parameters, 1), at(parameters, 2)];
  const offset = (i: number): V128 => times(f32x4.sub(x(i), lanes.load(center, i)), lanes.mask(read.dimensions, i));
  const square = f.let(
    lanes.sum((i, sum) => {
      const own = f.let(offset(i));
      return math.multiplyAdd(own, own, sum);
    }),
  );
  const always = plan.presence.filter((column) => column === null).length;
  const ones = new Float64Array(plan.features).fill(1);
  const dimensions =
    always === plan.features
      ? f32x4.constant(always)
      : f.let(lanes.sum((i, sum) => f32x4.add(times(lanes.constants(ones, i), lanes.mask(read.dimensions, i)), sum)));
  return { offset, inputs: [square, lanes.loadShared(alphaRaw), lanes.loadShared(betaRaw), dimensions] };
};
