import { Inverted } from '../bijectors/inverted.ts';
import { boundedBy } from '../bijectors/scale-function.ts';
import type { Flow } from '../flow.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import type { AutoregressiveFamilyOptions } from './autoregressive-layers.ts';
import { autoregressiveLayers } from './autoregressive-layers.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { above0, orNull } from '../options/rules.ts';
import { autoregressiveRules } from './option-rules.ts';

/** Options of {@link iaf}. */
export interface IafOptions extends AutoregressiveFamilyOptions {
  /** Maximum |s| of one map, in nats (default 2); null: unbounded. */
  readonly scaleBound?: number | null;
}

/**
 * Inverse autoregressive flow (Kingma et al., 2016): x_i = z_i·exp(s_i(z_{<i})) + t_i(z_{<i}), the
 * inverse of MAF. Samples, with their log p, cost one pass of the network per layer; the density of
 * given rows costs one per layer and feature.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = iaf({ features: 2, seed: 1 });
 * const [rows, logP] = flow.sampleAndLogProb(100, { seed: 2 });
 * ```
 */
export function iaf(options: IafOptions): Flow {
  checkOptions<IafOptions>('iaf', options, { ...autoregressiveRules, scaleBound: orNull(above0) });
  const { layers = 5, scaleBound = 2 } = options;
  const transformer = new AffineTransformer({ type: 'affine', scale: boundedBy(scaleBound) });
  return assembled(
    'iaf',
    options,
    autoregressiveLayers({ ...options, layers }, transformer, (map) => new Inverted(map)),
  );
}
