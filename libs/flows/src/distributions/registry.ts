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

/** From the `type` of a configuration to what makes it: one line per distribution. */
const factories = new Map<string, DistributionFactory>([
  ['diagonalNormal', DiagonalNormal.fromConfig],
  ['gaussianMixture', GaussianMixture.fromConfig],
  ['standardNormal', StandardNormal.fromConfig],
  ['studentT', StudentT.fromConfig],
]);

/** Makes a distribution from its JSON. Throws FLOWLINE_MODEL_INCOMPATIBLE for an unknown type or a field that does not fit. */
export function distributionFromConfig(config: unknown, random: Random): Distribution {
  const type = new ConfigReader(config, 'base').string('type');
  const factory = factories.get(type);
  if (factory === undefined) throw unexpected('base.type', type, `one of ${[...factories.keys()].join(', ')}`);
  return factory(config, random);
}

/** Adds a distribution of your own, so that flows that hold it can be loaded. Throws FLOWLINE_USAGE when the type is taken. */
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
