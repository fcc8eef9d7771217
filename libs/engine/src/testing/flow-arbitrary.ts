import { at } from '@flowline/events';
import {
  DiagonalNormal,
  GaussianMixture,
  glow,
  maf,
  naf,
  neuralSpline,
  planar,
  radial,
  Random,
  realNVP,
  StudentT,
} from '@flowline/flows';
import type { FamilyOptions, Flow } from '@flowline/flows';
import fc from 'fast-check';

import { randomizeWeights } from './random-flow.ts';

/** Shape of a random flow with a lowering. */
export interface FlowShape {
  readonly family: keyof typeof families;
  readonly features: number;
  readonly context: number;
  /** Number of features with a presence column. At most `context`. */
  readonly nullable: number;
  readonly layers: number;
  readonly hidden: readonly number[];
  readonly activation: 'relu' | 'leakyRelu' | 'tanh' | 'sigmoid' | 'elu';
  readonly residual: boolean;
  /** LU maps between the layers, and one network per parameter of Real NVP. */
  readonly mixing: boolean;
  readonly isBounded: boolean;
  readonly base: keyof typeof bases;
  readonly seed: number;
}

type Options = FamilyOptions & Pick<FlowShape, 'layers' | 'hidden' | 'activation' | 'residual'>;

const inputClip = (isBounded: boolean): number | null => (isBounded ? 4 : null);
const partition = (mixing: boolean): 'learned' | 'alternating' => (mixing ? 'learned' : 'alternating');
const contextual = ({ activation: _, residual: __, ...options }: Options): FamilyOptions & { layers: number } =>
  options;

const families = {
  realNVP: (options: Options, { mixing, isBounded }: FlowShape) =>
    realNVP({
      ...options,
      finalAffine: mixing,
      inputClip: inputClip(isBounded),
      networks: mixing ? 'separate' : 'shared',
      scaleBound: isBounded ? 2 : null,
    }),
  glow: (options: Options, { isBounded }: FlowShape) =>
    glow({ ...options, scaleBound: isBounded ? 2 : 'sigmoid', inputClip: inputClip(isBounded) }),
  maf: (options: Options, { mixing, isBounded }: FlowShape) =>
    maf({
      ...options,
      mixing,
      order: mixing ? 'random' : 'alternating',
      inputClip: inputClip(isBounded),
      scaleBound: isBounded ? 2 : null,
    }),
  neuralSpline: (options: Options, { mixing, isBounded }: FlowShape) =>
    neuralSpline({ ...options, bins: 4, partition: partition(mixing), parameterBound: isBounded ? 3 : null }),
  autoregressiveSpline: (options: Options, { isBounded }: FlowShape) =>
    neuralSpline({ ...options, conditioning: 'autoregressive', bins: 3, parameterBound: isBounded ? 3 : null }),
  naf: (options: Options, { mixing }: FlowShape) => naf({ ...options, mixing, units: 3 }),
  planar: (options: Options) => planar(contextual(options)),
  radial: (options: Options) => radial(contextual(options)),
} as const;

const bases = {
  standard: (): FamilyOptions['base'] => undefined,
  normal: ({ features }: FlowShape) => new DiagonalNormal({ type: 'diagonalNormal', features }),
  studentT: ({ features }: FlowShape) => new StudentT({ type: 'studentT', features, degreesOfFreedom: 4 }),
  mixture: ({ features, seed }: FlowShape) =>
    new GaussianMixture({ type: 'gaussianMixture', features, components: 3 }, new Random(seed)),
} as const;

/** Arbitrary shapes of flows: any family, base and activation, with contexts and missing values. */
export const flowShapes = (activations: readonly FlowShape['activation'][]): fc.Arbitrary<FlowShape> =>
  fc
    .record({
      family: fc.constantFrom(...typedKeys(families)),
      features: fc.integer({ min: 1, max: 6 }),
      context: fc.integer({ min: 0, max: 4 }),
      nullable: fc.integer({ min: 0, max: 4 }),
      layers: fc.integer({ min: 1, max: 3 }),
      hidden: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
      activation: fc.constantFrom(...activations),
      residual: fc.boolean(),
      mixing: fc.boolean(),
      isBounded: fc.boolean(),
      base: fc.constantFrom(...typedKeys(bases)),
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
    })
    .map((shape) => ({
      ...shape,
      hidden: shape.residual ? shape.hidden.map(() => at(shape.hidden, 0)) : shape.hidden,
      nullable: Math.min(shape.nullable, shape.context, shape.features),
    }));

/** Flow of a shape, with weights as large as after training. */
export const randomFlow = (shape: FlowShape): Flow => {
  const { family, base, features, context, nullable, seed, layers, hidden, activation, residual } = shape;
  const presence = Array.from({ length: features }, (_, i) => (i < nullable ? context - 1 - i : null));
  const own = bases[base](shape);
  const options = { features, context, presence, seed, layers, hidden, activation, residual };
  const flow = families[family]({ ...options, ...(own === undefined ? {} : { base: own }) }, shape);
  // Unbounded maps explode with larger weights.
  randomizeWeights(flow, seed, shape.isBounded ? 0.8 : 0.4);
  return flow;
};

const typedKeys = <K extends string>(of: Readonly<Record<K, unknown>>): K[] =>
  Object.keys(of).filter((key): key is K => key in of);
