import { at } from '@flowline/events';
import fc from 'fast-check';

import { activations } from '../plan/plan.ts';
import type { ScaleFunction, Transformer } from '../plan/plan.ts';
import type { PlanShape } from './random-plan.ts';

const scales: readonly ScaleFunction[] = [
  { kind: 'tanh', bound: 2 },
  { kind: 'softsign', bound: 3 },
  { kind: 'none', bound: null },
  { kind: 'sigmoid', bound: null },
];

const transformers: readonly (Transformer | undefined)[] = [
  undefined,
  undefined,
  { type: 'rationalQuadratic', bins: 4, bound: 3, parameterBound: 3 },
  { type: 'rationalQuadratic', bins: 3, bound: 5, parameterBound: null },
  { type: 'deepSigmoid', units: 3, scale: { kind: 'tanh', bound: 2 }, spread: 1 },
];

/**
 * Arbitrary shapes of plans: any number of dimensions, contexts, missing values, odd and even
 * widths, and every activation.
 */
export const planShapes = (largestFeatures = 40): fc.Arbitrary<PlanShape> =>
  fc
    .record({
      features: fc.integer({ min: 1, max: largestFeatures }),
      context: fc.integer({ min: 0, max: 9 }),
      nullable: fc.integer({ min: 0, max: 9 }),
      couplings: fc.integer({ min: 0, max: 6 }),
      hidden: fc.array(fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(8, 16, 64)), { maxLength: 3 }),
      activation: fc.constantFrom(...activations),
      residual: fc.boolean(),
      networks: fc.constantFrom('shared' as const, 'separate' as const),
      scale: fc.constantFrom(...scales),
      inputClip: fc.constantFrom(5, 2, null),
      affine: fc.boolean(),
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      transformer: fc.constantFrom(...transformers),
      autoregressive: fc.boolean(),
      mixing: fc.boolean(),
      contextual: fc.constantFrom(null, null, 'planar' as const, 'radial' as const),
      base: fc.constantFrom(undefined, 'normal' as const, 'studentT' as const, 'gaussianMixture' as const),
    })
    .map(({ transformer, base, ...shape }) => ({
      ...shape,
      ...(transformer === undefined ? {} : { transformer }),
      ...(base === undefined ? {} : { base }),
      hidden: shape.residual ? shape.hidden.map(() => at(shape.hidden, 0)) : shape.hidden,
      nullable: Math.min(shape.nullable, shape.context, shape.features),
    }));
