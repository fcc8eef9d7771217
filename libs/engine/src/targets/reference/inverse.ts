import { at } from '@flowline/events';
import { squash } from './activation.ts';
import { outputsOf, runNetwork } from './network.ts';
import { pick, read } from './step.ts';
import type { RowState } from './step.ts';
import { programOf } from './transform.ts';
import type { Evaluator } from '../../formula/evaluate.ts';
import { parametersOf } from '../../plan/plan.ts';
import type { LinearStep, Plan, Transformer, TransformStep } from '../../plan/plan.ts';

/**
 * True if {@link invert} supports the plan: every step is a coupling, an autoregressive map or a
 * linear map.
 */
export const canInvert = (plan: Plan): boolean =>
  plan.steps.every(({ type }) => type === 'transform' || type === 'linear');

/**
 * True if {@link invert} evaluates each network of the plan once: all its steps are couplings. It
 * is then faster than the flow itself for any number of rows.
 */
export const invertsAtOnce = (plan: Plan): boolean =>
  plan.steps.every((step) => step.type === 'transform' && !isOverlapping(step));

/**
 * Encoded features x with latent z, in float64. For a few rows, for which a flow on tfjs would take
 * longer to start than to compute. latent [d], context [c] → [d]; 0 where a feature is not
 * observed, NaN where x is beyond float64.
 * @throws RangeError for a plan with other steps (see {@link canInvert}).
 */
export const invert = (plan: Plan, latent: ArrayLike<number>, context: ArrayLike<number>): Float64Array => {
  const given = Float64Array.from({ length: plan.context }, (_, i) => at(context, i));
  const observed = Float64Array.from(plan.presence, (column) => (column === null || at(given, column) > 0.5 ? 1 : 0));
  const state = new Float64Array(plan.features);
  plan.order.forEach((d, i) => {
    if (at(observed, d) === 1) state[d] = (at(latent, i) - at(plan.shift, d)) / at(plan.scale, d);
  });
  const row = { state, context: given, observed };
  const squashed = new Map<number | null, Float64Array>();
  const contextOf = ({ inputClip }: TransformStep): Float64Array => {
    const known = squashed.get(inputClip) ?? given.map((value) => squash(inputClip, value));
    squashed.set(inputClip, known);
    return known;
  };
  for (const step of [...plan.steps].reverse()) {
    if (step.type === 'transform') undoTransform(step, row, contextOf(step));
    else if (step.type === 'linear') undoLinear(step, row);
    else throw new RangeError(`a step of type ${step.type} is not inverted here`);
  }
  return state;
};

/**
 * Inverts a coupling or an autoregressive map in place: u_b from v_b = g(u_b; θ(u_a)). A coupling
 * leaves u_a unchanged, so one pass is enough. If a and b overlap, each pass makes one more
 * dimension exact, in the order of their dependencies. `context` is squashed.
 */
const undoTransform = (step: TransformStep, row: RowState, context: Float64Array): void => {
  const { conditioning, transformed, inputClip, network, transformer } = step;
  const { dimensions, scale, shift } = transformed;
  const width = dimensions.length;
  const after = pick(transformed, row.state);
  const solve = solverOf(transformer);
  const own = new Float64Array(1 + parametersOf(transformer));
  const input = new Float64Array(conditioning.dimensions.length + context.length);
  input.set(context, conditioning.dimensions.length);
  const overlaps = isOverlapping(step);
  if (overlaps) for (const d of dimensions) row.state[d] = 0;
  for (let pass = 0; pass < (overlaps ? width : 1); pass++) {
    const seen = read(conditioning, row);
    for (let i = 0; i < seen.length; i++) input[i] = squash(inputClip, at(seen, i));
    const parameters = outputsOf(network, runNetwork(network, input));
    for (let i = 0; i < width; i++) {
      const d = at(dimensions, i);
      if (at(row.observed, d) === 0) continue;
      for (let k = 1; k < own.length; k++) own[k] = at(parameters, (k - 1) * width + i);
      const before = (solve(own, at(after, i)) - at(shift, i)) / at(scale, i);
      // A value that is not exact yet must not reach an exact one through weights of 0, as NaN
      // would.
      row.state[d] = Number.isFinite(before) || !overlaps ? before : 0;
    }
  }
};

/** True if the network of a step reads dimensions that the step transforms. */
const isOverlapping = ({ conditioning, transformed }: TransformStep): boolean =>
  conditioning.dimensions.some((d) => transformed.dimensions.includes(d));

/**
 * Inverts a linear map in place: the observed u of v = u·W + bias, by Gaussian elimination with
 * partial pivoting.
 */
const undoLinear = ({ read: reading, weights, bias }: LinearStep, row: RowState): void => {
  const { dimensions, scale, shift } = reading;
  const here = [...dimensions.keys()].filter((i) => at(row.observed, at(dimensions, i)) === 1);
  const equations = here.map((j) => [
    ...here.map((i) => at(weights, i * bias.length + j)),
    at(row.state, at(dimensions, j)) - at(bias, j),
  ]);
  for (let column = 0; column < here.length; column++) {
    const rest = equations.slice(column);
    const most = Math.max(...rest.map((equation) => Math.abs(at(equation, column))));
    const pivot = column + rest.findIndex((equation) => Math.abs(at(equation, column)) === most);
    const chosen = at(equations, pivot);
    equations[pivot] = at(equations, column);
    equations[column] = chosen;
    equations.forEach((equation, j) => {
      if (j === column) return;
      const share = at(equation, column) / at(chosen, column);
      for (let k = column; k <= here.length; k++) equation[k] = at(equation, k) - share * at(chosen, k);
    });
  }
  here.forEach((i, k) => {
    const equation = at(equations, k);
    row.state[at(dimensions, i)] = (at(equation, here.length) / at(equation, k) - at(shift, i)) / at(scale, i);
  });
};

const MOST_STEPS = 200;
/** A relative step in u smaller than this is rounding. */
const ROUNDING = 1e-15;

/** u with g(u; θ) = v. θ is `own` without its first place, which is overwritten. */
type Solver = (own: Float64Array, v: number) => number;

const solverOf = (transformer: Transformer): Solver => {
  const { forward } = programOf(transformer);
  if (transformer.type !== 'affine') return (own, v) => solved(forward, own, v);
  return (own, v) => {
    own[0] = 0;
    const [shift = NaN, logSlope = NaN] = forward(own);
    return (v - shift) / Math.exp(logSlope);
  };
};

/**
 * Solves g(u; θ) = v for u, with an increasing g, by Newton's method with bisection when a step
 * leaves the bracket.
 */
const solved = (forward: Evaluator, own: Float64Array, v: number): number => {
  let [low, high] = [-Infinity, Infinity];
  let u = v;
  for (let count = 0; count < MOST_STEPS; count++) {
    own[0] = u;
    const [value = NaN, logSlope = NaN] = forward(own);
    if (value < v) low = u;
    else if (value > v) high = u;
    else return value === v ? u : NaN;
    const next = u - (value - v) / Math.exp(logSlope);
    const inside = next > low && next < high;
    const moved = inside ? next : Number.isFinite(low) && Number.isFinite(high) ? (low + high) / 2 : next;
    if (!Number.isFinite(moved) || Math.abs(moved - u) <= ROUNDING * Math.abs(u)) return moved;
    u = moved;
  }
  return u;
};
