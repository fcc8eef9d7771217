import { ConfigReader, unexpected } from '../config.ts';
import { FlowError } from '../flow-error.ts';
import type { Random } from '../random.ts';
import { DiagonalNormal } from './diagonal-normal.ts';
import type { Distribution, DistributionFactory } from './distribution.ts';
import { GaussianMixture } from './gaussian-mixture.ts';
import { StandardNormal } from './standard-normal.ts';
import { StudentT } from './student-t.ts';
import { checkValue } from '../options/check-options.ts';
import { callback, text } from '../options/rules.ts';

/** Factories by the `type` of a configuration, one line per distribution. */
const factories = new Map<string, DistributionFactory>([
  ['diagonalNormal', DiagonalNormal.fromConfig],
  ['gaussianMixture', GaussianMixture.fromConfig],
  ['standardNormal', StandardNormal.fromConfig],
  ['studentT', StudentT.fromConfig],
]);

/**
 * Builds a distribution from its JSON configuration. Throws FLOWLINE_MODEL_INCOMPATIBLE for an
 * unknown type or an invalid field.
 */
export function distributionFromConfig(config: unknown, random: Random): Distribution {
  const type = new ConfigReader(config, 'base').string('type');
  const factory = factories.get(type);
  if (factory === undefined) throw unexpected('base.type', type, `one of ${[...factories.keys()].join(', ')}`);
  return factory(config, random);
}

/**
 * Registers a custom distribution, so that flows with it can be loaded. Throws FLOWLINE_USAGE if
 * the type is taken.
 */
export function registerDistribution(type: string, factory: DistributionFactory): void {
  checkValue('registerDistribution.type', type, text);
  checkValue('registerDistribution.factory', factory, callback);
  if (factories.has(type)) {
    throw new FlowError('FLOWLINE_USAGE', `a distribution of type '${type}' is already registered`, {
      where: 'registerDistribution',
    });
  }
  factories.set(type, factory);
}
