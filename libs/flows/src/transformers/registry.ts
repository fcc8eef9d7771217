import { ConfigReader, unexpected } from '../config.ts';
import { AffineTransformer } from './affine.ts';
import { DeepSigmoid } from './deep-sigmoid.ts';
import { RationalQuadratic } from './rational-quadratic.ts';
import type { Transformer } from './transformer.ts';

/** From the `type` of a configuration to what makes it: one line per transformer. */
const factories = new Map<string, (config: unknown) => Transformer>([
  ['affine', AffineTransformer.fromConfig],
  ['deepSigmoid', DeepSigmoid.fromConfig],
  ['rationalQuadratic', RationalQuadratic.fromConfig],
]);

/** Makes a transformer from its JSON. Throws FLOWLINE_MODEL_INCOMPATIBLE for an unknown type or a field that does not fit. */
export function transformerFromConfig(config: unknown): Transformer {
  const type = new ConfigReader(config, 'transformer').string('type');
  const factory = factories.get(type);
  if (factory === undefined) throw unexpected('transformer.type', type, `one of ${[...factories.keys()].join(', ')}`);
  return factory(config);
}
