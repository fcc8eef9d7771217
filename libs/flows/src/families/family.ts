import type { Bijector } from '../bijector.ts';
import { Chain } from '../bijectors/chain.ts';
import type { Distribution } from '../distributions/distribution.ts';
import { StandardNormal } from '../distributions/standard-normal.ts';
import { Flow } from '../flow.ts';
import { FlowError } from '../flow-error.ts';

/** Options common to all families. */
export interface FamilyOptions {
  /** d, number of features. */
  readonly features: number;
  /** c, number of context columns (default 0). */
  readonly context?: number;
  /**
   * Per feature, the context column that is 1 where the feature is observed; null: always observed.
   */
  readonly presence?: readonly (number | null)[];
  /** Distribution of the latents (default: standard normal). The flow takes ownership of it. */
  readonly base?: Distribution;
  /** Determines everything that is drawn: initial weights, orders and partitions. */
  readonly seed: number;
}

/** Flow of a family: the chain of its bijectors. */
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
