import type { Bijector, BijectorFactory } from '../bijector.ts';
import { ConfigReader, unexpected } from '../config.ts';
import { FlowError } from '../flow-error.ts';
import type { Random } from '../random.ts';
import { ActNorm } from './act-norm.ts';
import { Autoregressive } from './autoregressive.ts';
import { Chain } from './chain.ts';
import { Coupling } from './coupling.ts';
import { ElementWiseAffine } from './element-wise-affine.ts';
import { Inverted } from './inverted.ts';
import { LuLinear } from './lu-linear.ts';
import { PerPixel } from './per-pixel.ts';
import { Permutation } from './permutation.ts';
import { PixelLogit } from './pixel-logit.ts';
import { Planar } from './planar.ts';
import { Radial } from './radial.ts';
import { Split } from './split.ts';
import { Squeeze } from './squeeze.ts';
import { checkValue } from '../options/check-options.ts';
import { callback, text } from '../options/rules.ts';

/** Factories by the `type` of a configuration, one line per bijector. */
const factories = new Map<string, BijectorFactory>([
  ['actNorm', ActNorm.fromConfig],
  ['autoregressive', Autoregressive.fromConfig],
  ['chain', Chain.fromConfig],
  ['coupling', Coupling.fromConfig],
  ['elementWiseAffine', ElementWiseAffine.fromConfig],
  ['inverted', Inverted.fromConfig],
  ['luLinear', LuLinear.fromConfig],
  ['perPixel', PerPixel.fromConfig],
  ['permutation', Permutation.fromConfig],
  ['pixelLogit', PixelLogit.fromConfig],
  ['planar', Planar.fromConfig],
  ['radial', Radial.fromConfig],
  ['split', Split.fromConfig],
  ['squeeze', Squeeze.fromConfig],
]);

/**
 * Builds a bijector from its JSON configuration, with initial weights drawn from `random`. Throws
 * FLOWLINE_MODEL_INCOMPATIBLE for an unknown type or an invalid field.
 */
export function bijectorFromConfig(config: unknown, random: Random): Bijector {
  const type = new ConfigReader(config, 'bijector').string('type');
  const factory = factories.get(type);
  if (factory === undefined) throw unexpected('bijector.type', type, `one of ${[...factories.keys()].join(', ')}`);
  return factory(config, random, bijectorFromConfig);
}

/**
 * Registers a custom bijector, so that flows with it can be loaded. Throws FLOWLINE_USAGE if the
 * type is taken.
 */
export function registerBijector(type: string, factory: BijectorFactory): void {
  checkValue('registerBijector.type', type, text);
  checkValue('registerBijector.factory', factory, callback);
  if (factories.has(type)) {
    throw new FlowError('FLOWLINE_USAGE', `a bijector of type '${type}' is already registered`, {
      where: 'registerBijector',
    });
  }
  factories.set(type, factory);
}
