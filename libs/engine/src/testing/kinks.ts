import { at } from '@flowline/events';

import { evaluator } from '../formula/evaluate.ts';
import { inOrder, sub } from '../formula/graph.ts';
import type { Node } from '../formula/graph.ts';
import type { Network, Plan, TransformStep } from '../plan/plan.ts';
import { transformFormulas } from '../steps/transform.ts';
import { squash } from '../targets/reference/activation.ts';
import { interpret } from '../targets/reference/interpreter.ts';
import { outputsOf, runNetwork } from '../targets/reference/network.ts';
import { pick, read } from '../targets/reference/step.ts';
import type { RowState } from '../targets/reference/step.ts';

/**
 * Distance of a row to the nearest point where a derivative of log p jumps: the minimum of |input|
 * of a ReLU, and of |a − b| for what a transformer's formula compares, such as u and a knot of a
 * spline. Near one, gradients that are rounded differently may differ by much.
 */
export const distanceToKink = (plan: Plan, row: ArrayLike<number>): number => {
  const context = Float64Array.from({ length: plan.context }, (_, i) => at(row, plan.features + i));
  const observed = Float64Array.from(plan.presence, (column) => (column === null || at(context, column) > 0.5 ? 1 : 0));
  const distances = plan.steps.map((step, i) => {
    if (step.type === 'linear') return Infinity;
    if (step.type !== 'transform') return networkDistance(step.network, runNetwork(step.network, context));
    return transformDistance(step, { state: stateBefore(plan, i, row), context, observed });
  });
  return Math.min(...distances, Infinity);
};

/** State before a step. */
const stateBefore = (plan: Plan, step: number, row: ArrayLike<number>): Float64Array =>
  interpret(
    {
      ...plan,
      steps: plan.steps.slice(0, step),
      scale: plan.scale.map(() => 1),
      shift: plan.shift.map(() => 0),
      order: plan.order.map((_, i) => i),
    },
    row,
  ).latent;

const transformDistance = (step: TransformStep, row: RowState): number => {
  const { conditioning, transformed, inputClip, network, transformer } = step;
  const seen = [...read(conditioning, row), ...row.context].map((u) => squash(inputClip, u));
  const values = runNetwork(network, Float64Array.from(seen));
  const parameters = outputsOf(network, values);
  const compare = evaluator(comparisons(transformFormulas(transformer).forward));
  const observed = pick(transformed, row.observed);
  const width = observed.length;
  const own = [...read(transformed, row)].flatMap((u, i) => {
    if (at(observed, i) === 0) return [];
    return [...compare([u, ...Array.from(parameters).filter((_, k) => k % width === i)])].map(Math.abs);
  });
  return Math.min(networkDistance(network, values), ...own);
};

/** Differences whose signs decide which branch of a formula is taken. */
const comparisons = (outputs: readonly Node[]): readonly Node[] =>
  inOrder(outputs).flatMap(({ op, args }) => {
    if (op === 'abs') return [at(args, 0)];
    return op === 'ifLess' || op === 'min' || op === 'max' ? [sub(at(args, 0), at(args, 1))] : [];
  });

/** Minimum of |input| over the ReLUs of a network. */
const networkDistance = ({ layers }: Network, values: readonly Float64Array[]): number => {
  const inputs = layers.flatMap((layer) => {
    if (layer.type === 'sum' || !['relu', 'leakyRelu'].includes(layer.activation)) return [];
    const source = at(values, layer.source);
    if (layer.type === 'activation') return [...source];
    const alone: Network = {
      inputs: layer.inputs,
      layers: [{ ...layer, source: 0, activation: 'linear' }],
      outputs: [1],
    };
    return [...at(runNetwork(alone, source), 1)];
  });
  return inputs.reduce((least, x) => Math.min(least, Math.abs(x)), Infinity);
};
