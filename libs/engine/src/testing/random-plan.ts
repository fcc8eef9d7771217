import { at } from '@flowline/events';
import { madeMasks, Random } from '@flowline/flows';

import { luFactors } from '../lower/lu.ts';
import { beside, constantNetwork, withOutput } from '../lower/mlp.ts';
import { PlanBuilder } from '../lower/plan-builder.ts';
import { parametersOf } from '../plan/plan.ts';
import type { Activation, Base, DenseLayer, Layer, Network, Plan, ScaleFunction, Transformer } from '../plan/plan.ts';

/** Shape of a random plan. */
export interface PlanShape {
  readonly features: number;
  readonly context: number;
  /** Number of features with a presence column. At most `context`. */
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
  /** Default: affine with `scale`. */
  readonly transformer?: Transformer;
  /** Uses masked autoregressive maps instead of couplings. */
  readonly autoregressive?: boolean;
  /** Adds a linear map before each coupling. */
  readonly mixing?: boolean;
  /** Step to add after each coupling. */
  readonly contextual?: 'planar' | 'radial' | null;
  readonly base?: Base['type'];
}

/** Shape of the flow of most detectors. A test overrides the part that it is about. */
export const typicalShape: PlanShape = {
  features: 10,
  context: 2,
  nullable: 1,
  couplings: 8,
  hidden: [64, 64],
  activation: 'relu',
  residual: false,
  networks: 'shared',
  scale: { kind: 'tanh', bound: 2 },
  inputClip: 5,
  affine: true,
  seed: 4,
};

/** Plan with random weights as large as after training. */
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
    if (shape.mixing === true) addLinear(builder, random);
    if (shape.autoregressive === true) addAutoregressive(builder, random, shape);
    else addCoupling(builder, random, shape, k);
    if (shape.contextual === 'planar') {
      const network = contextNetwork(random, shape, 2 * features + 1);
      builder.contextual({ type: 'planar', leastSlope: 1e-2 }, network);
    }
    if (shape.contextual === 'radial') {
      const network = contextNetwork(random, shape, features + 2);
      builder.contextual({ type: 'radial' }, network);
    }
  }
  if (shape.affine) builder.affine(normals(random, features, 0.1).map(Math.exp), normals(random, features, 0.2));
  return builder.build(randomBase(random, shape));
};

const addCoupling = (builder: PlanBuilder, random: Random, shape: PlanShape, k: number): void => {
  const { features, context } = shape;
  const half = features === 1 ? 0 : Math.max(1, Math.min(features - 1, Math.ceil(features / 2) - (k % 2)));
  const all = Array.from({ length: features }, (_, i) => i);
  const transformed = features - half;
  const transformer = shape.transformer ?? { type: 'affine', scale: shape.scale };
  const network = (outputs: number): Network => randomNetwork(random, shape, half + context, outputs);
  const isSeparate = shape.networks === 'separate' && transformer.type === 'affine';
  builder.transform({
    conditioning: all.slice(0, half),
    transformed: all.slice(half),
    inputClip: shape.inputClip,
    transformer,
    network: isSeparate
      ? beside(network(transformed), network(transformed))
      : network(parametersOf(transformer) * transformed),
  });
};

const addAutoregressive = (builder: PlanBuilder, random: Random, shape: PlanShape): void => {
  const { features, context, hidden, residual } = shape;
  const transformer = shape.transformer ?? { type: 'affine', scale: shape.scale };
  const outputsPerFeature = parametersOf(transformer);
  const order = [...random.permutation(features)];
  const net = { hidden, residual, activation: 'relu' } as const;
  const masks = madeMasks({ order, context, outputsPerFeature, net }).map(({ mask }) => mask);
  const dense = randomNetwork(random, shape, features + context, features * outputsPerFeature);
  let layerOfMask = 0;
  const layers = dense.layers.map((layer): Layer => {
    if (layer.type !== 'dense') return layer;
    // Context rows come after the masked rows of the first kernel, and are not masked.
    const mask = at(masks, layerOfMask++);
    return { ...layer, weights: layer.weights.map((weight, i) => (mask[i] === 0 ? 0 : weight)) };
  });
  const masked = { ...dense, layers };
  const all = order.map((_, i) => i);
  builder.transform({
    conditioning: all,
    transformed: all,
    inputClip: shape.inputClip,
    transformer,
    network: withOutput(masked, (o) => (o % features) * outputsPerFeature + Math.floor(o / features)),
  });
};

/** Adds a linear map near the identity, as two triangular ones if features may be missing. */
const addLinear = (builder: PlanBuilder, random: Random): void => {
  const d = builder.features;
  const factors = normals(random, d * d, 0.3 / Math.sqrt(d));
  const { lower, upper, product, logDiagonal } = luFactors(factors, d);
  if (builder.presence.every((column) => column === null)) {
    builder.linear(product, normals(random, d, 0.1), logDiagonal);
    return;
  }
  builder.linear(upper, new Float64Array(d), logDiagonal);
  builder.linear(lower, normals(random, d, 0.1), new Float64Array(d));
};

const contextNetwork = (random: Random, shape: PlanShape, outputs: number): Network =>
  shape.context === 0
    ? constantNetwork(normals(random, outputs, 0.5))
    : randomNetwork(random, { ...shape, residual: false }, shape.context, outputs);

const randomBase = (random: Random, { base, features }: PlanShape): Base | undefined => {
  if (base === undefined) return undefined;
  const components = base === 'gaussianMixture' ? 3 : 1;
  const location = normals(random, components * features, 0.5);
  const logScale = normals(random, components * features, 0.3);
  switch (base) {
    case 'normal':
      return { type: base, location, logScale };
    case 'studentT':
      return { type: base, degreesOfFreedom: 5, logNormalizer: -1, location, logScale };
    case 'gaussianMixture':
      return { type: base, logWeights: Float64Array.of(0.5, 0.3, 0.2).map(Math.log), location, logScale };
  }
};

/** n random rows of a plan. Presence columns are 0 or 1. */
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
