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

/** From the `type` of a configuration to what makes it: one line per bijector. */
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
 * Makes a bijector from its JSON; initial weights are drawn from `random`. Throws FLOWLINE_MODEL_INCOMPATIBLE for an unknown type or a
 * field that does not fit.
 */
export function bijectorFromConfig(config: unknown, random: Random): Bijector {
  const type = new ConfigReader(config, 'bijector').string('type');
  const factory = factories.get(type);
  if (factory === undefined) throw unexpected('bijector.type', type, `one of ${[...factories.keys()].join(', ')}`);
  return factory(config, random, bijectorFromConfig);
}

/** Adds a bijector of your own, so that flows that hold it can be loaded. Throws FLOWLINE_USAGE when the type is taken. */
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
