import { Radial } from '../bijectors/radial.ts';
import type { Flow } from '../flow.ts';
import { Random } from '../random.ts';
import type { FamilyOptions } from './family.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { whole } from '../options/rules.ts';
import { familyRules, widths } from './option-rules.ts';

/** Options of {@link radial}. */
export interface RadialOptions extends FamilyOptions {
  /** Number of radial maps (default 16). */
  readonly layers?: number;
  /**
   * Hidden widths of the network that adds a function of the context to the parameters (default
   * [32]); unused without a context.
   */
  readonly hidden?: readonly number[];
}

/**
 * Radial flow (Rezende and Mohamed, “Variational inference with normalizing flows”, 2015): layers
 * of z = x + β̂·(x − x₀) / (α + |x − x₀|), each of which expands or contracts space around one
 * point. The inverse is in closed form.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = radial({ features: 2, seed: 1 });
 * const rows = flow.sample(100, { seed: 2 });         // [100, 2]
 * ```
 */
export function radial(options: RadialOptions): Flow {
  checkOptions<RadialOptions>('radial', options, { ...familyRules, layers: whole(0), hidden: widths });
  const { features, context = 0, layers = 16, hidden = [32], seed } = options;
  const random = new Random(seed).fork('weights');
  const net = { hidden, activation: 'relu', residual: false } as const;
  const parts = Array.from({ length: layers }, () => {
    return new Radial({ type: 'radial', features, context, net }, random);
  });
  return assembled('radial', options, parts);
}
