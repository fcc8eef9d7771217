import { ConfigReader, unexpected } from '../config.ts';
import { AffineTransformer } from './affine.ts';
import { DeepSigmoid } from './deep-sigmoid.ts';
import { RationalQuadratic } from './rational-quadratic.ts';
import type { Transformer } from './transformer.ts';

/** Factories by the `type` of a configuration, one line per transformer. */
const factories = new Map<string, (config: unknown) => Transformer>([
  ['affine', AffineTransformer.fromConfig],
  ['deepSigmoid', DeepSigmoid.fromConfig],
  ['rationalQuadratic', RationalQuadratic.fromConfig],
]);

/**
 * Builds a transformer from its JSON configuration. Throws FLOWLINE_MODEL_INCOMPATIBLE for an
 * unknown type or an invalid field.
 */
export function transformerFromConfig(config: unknown): Transformer {
  const type = new ConfigReader(config, 'transformer').string('type');
  const factory = factories.get(type);
  if (factory === undefined) throw unexpected('transformer.type', type, `one of ${[...factories.keys()].join(', ')}`);
  return factory(config);
}
