import { AffineTransformer, DeepSigmoid, RationalQuadratic, transformerFromConfig } from '@flowline/flows';

import type { ScaleFunction, Transformer } from '../plan/plan.ts';

/** Transformer of a plan, from its configuration in libs/flows. */
export const lowerTransformer = (config: unknown): Transformer => {
  const transformer = transformerFromConfig(config);
  if (transformer instanceof AffineTransformer) {
    return { type: 'affine', scale: lowerScale(transformer.config.scale) };
  }
  if (transformer instanceof RationalQuadratic) {
    const { bins, bound, parameterBound } = transformer.config;
    return { type: 'rationalQuadratic', bins, bound, parameterBound };
  }
  if (transformer instanceof DeepSigmoid) {
    const { units, scale, spread } = transformer.config;
    return { type: 'deepSigmoid', units, scale: lowerScale(scale), spread };
  }
  throw new RangeError(`the transformer ${transformer.config.type} has no lowering`);
};

const lowerScale = (scale: AffineTransformer['config']['scale']): ScaleFunction => {
  if (scale.kind === 'sigmoid') return { kind: 'sigmoid', bound: null };
  const { kind, bound } = scale;
  return kind === 'none' || bound === null ? { kind: 'none', bound: null } : { kind, bound };
};
