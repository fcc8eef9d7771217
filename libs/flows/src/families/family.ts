import type { Bijector } from '../bijector.ts';
import { Chain } from '../bijectors/chain.ts';
import type { Distribution } from '../distributions/distribution.ts';
import { StandardNormal } from '../distributions/standard-normal.ts';
import { Flow } from '../flow.ts';
import { FlowError } from '../flow-error.ts';

/** The options that every family has. */
export interface FamilyOptions {
  /** d, the number of features. */
  readonly features: number;
  /** c, the number of context columns (default 0). */
  readonly context?: number;
  /** For each feature, the context column that is 1 where it is observed; null: always observed. */
  readonly presence?: readonly (number | null)[];
  /** The distribution of the latents (default: standard normal). The flow owns it from then on. */
  readonly base?: Distribution;
  /** Decides everything that is drawn: initial weights, orders and partitions. */
  readonly seed: number;
}

/** The flow of a family: its bijectors one after another. */
export function assembled(family: string, options: FamilyOptions, parts: readonly Bijector[]): Flow {
  const { features, context = 0, presence, base = new StandardNormal(features) } = options;
  if (base.config.features !== features) {
    throw new FlowError(
      'FLOWLINE_USAGE',
      `${family}.base: found a base of ${base.config.features} features, expected ${features}`,
      { where: `${family}.base`, remedy: `Make the base with features: ${features}.` },
    );
  }
  return new Flow({
    family,
    features,
    context,
    ...(presence === undefined ? {} : { presence }),
    base,
    bijector: new Chain(parts),
  });
}
