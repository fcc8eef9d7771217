import { Random } from '@flowline/flows';

import { beside } from '../lower/mlp.ts';
import { PlanBuilder } from '../lower/plan-builder.ts';
import type { Activation, DenseLayer, Layer, Network, Plan, ScaleFunction } from '../plan.ts';

/** What a random plan is to look like. */
export interface PlanShape {
  readonly features: number;
  readonly context: number;
  /** How many of the features have a presence column; at most `context`. */
  readonly nullable: number;
  readonly couplings: number;
  readonly hidden: readonly number[];
  readonly activation: Activation;
  readonly residual: boolean;
  readonly networks: 'shared' | 'separate';
  readonly scale: ScaleFunction;
  readonly inputClip: number | null;
  readonly affine: boolean;
  readonly seed: number;
}

/** A plan with random weights of the size that training gives them. */
export const randomPlan = (shape: PlanShape): Plan => {
  const random = new Random(shape.seed);
  const { features, context } = shape;
  const presence = Array.from({ length: features }, (_, i) => (i < shape.nullable ? context - 1 - i : null));
  const builder = new PlanBuilder(features, context, presence);
  for (let k = 0; k < shape.couplings; k++) {
    if (shape.affine) {
      builder.affine(normals(random, features, 0.1).map(Math.exp), normals(random, features, 0.2));
    }
    builder.permute([...random.permutation(features)]);
    const half = features === 1 ? 0 : Math.max(1, Math.min(features - 1, Math.ceil(features / 2) - (k % 2)));
    const all = Array.from({ length: features }, (_, i) => i);
    const transformed = features - half;
    const network = (outputs: number): Network => randomNetwork(random, shape, half + context, outputs);
    builder.transform({
      conditioning: all.slice(0, half),
      transformed: all.slice(half),
      inputClip: shape.inputClip,
      transformer: { type: 'affine', scale: shape.scale },
      network:
        shape.networks === 'shared' ? network(2 * transformed) : beside(network(transformed), network(transformed)),
    });
  }
  if (shape.affine) builder.affine(normals(random, features, 0.1).map(Math.exp), normals(random, features, 0.2));
  return builder.build();
};

/** n random rows of a plan; presence columns are 0 or 1. */
export const randomRows = (plan: Plan, n: number, random: Random, spread = 1): Float32Array => {
  const width = plan.features + plan.context;
  const rows = Float32Array.from({ length: n * width }, () => random.normal() * spread);
  for (const column of plan.presence) {
    if (column === null) continue;
    for (let i = 0; i < n; i++) rows[i * width + plan.features + column] = random.uniform() < 0.3 ? 0 : 1;
  }
  return rows;
};

const randomNetwork = (random: Random, shape: PlanShape, inputs: number, outputs: number): Network => {
  const layers: Layer[] = [];
  let width = inputs;
  let value = 0;
  for (const columns of shape.hidden) {
    layers.push(dense(random, value, width, columns, shape.activation, 1.6));
    if (shape.residual && value > 0 && width === columns) layers.push({ type: 'sum', sources: [layers.length, value] });
    value = layers.length;
    width = columns;
  }
  layers.push(dense(random, value, width, outputs, 'linear', shape.scale.kind === 'none' ? 0.005 : 0.05));
  return { inputs, layers, outputs: [layers.length] };
};

const dense = (
  random: Random,
  source: number,
  inputs: number,
  outputs: number,
  activation: Activation,
  variance: number,
): DenseLayer => ({
  type: 'dense',
  source,
  inputs,
  outputs,
  activation,
  weights: normals(random, inputs * outputs, Math.sqrt(variance / Math.max(1, inputs))),
  bias: normals(random, outputs, 0.1),
});

const normals = (random: Random, count: number, spread: number): Float64Array =>
  Float64Array.from({ length: count }, () => Math.fround(random.normal() * spread));
