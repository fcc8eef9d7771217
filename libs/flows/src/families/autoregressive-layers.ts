import type { Bijector } from '../bijector.ts';
import { ActNorm } from '../bijectors/act-norm.ts';
import { Autoregressive } from '../bijectors/autoregressive.ts';
import { LuLinear } from '../bijectors/lu-linear.ts';
import type { Activation } from '../conditioners/activation.ts';
import { spreadUnits } from '../conditioners/spread-units.ts';
import { Random } from '../random.ts';
import type { Transformer } from '../transformers/transformer.ts';
import type { FamilyOptions } from './family.ts';

/** Options common to the autoregressive families. */
export interface AutoregressiveFamilyOptions extends FamilyOptions {
  /** Number of autoregressive maps (default 5; NAF 3). */
  readonly layers?: number;
  /** Widths of the hidden layers of each masked network (default [64, 64]). */
  readonly hidden?: readonly number[];
  /** Activation of the hidden layers (default `relu`). */
  readonly activation?: Activation;
  /** Adds the input of a hidden layer to its output if the widths agree (default false). */
  readonly residual?: boolean;
  /**
   * Makes the units of first layers bend at points drawn from N(0, I) rather than all at 0 (default
   * false). With few features, densities with many modes or edges then need fewer training steps.
   */
  readonly spreadUnits?: boolean;
  /** Networks see clip·tanh(input / clip) (default 5); null: the input unclipped. */
  readonly inputClip?: number | null;
  /** Puts an ActNorm before each map (default true). */
  readonly actNorm?: boolean;
  /**
   * Order of the features per layer: `alternating` between ascending and descending (default), or
   * `random`.
   */
  readonly order?: 'alternating' | 'random';
  /** Puts a trained LU map before each autoregressive one (default false). */
  readonly mixing?: boolean;
}

/**
 * Layers of ActNorm and LU map, each if enabled, and an autoregressive map, passed through `wrap`.
 */
export function autoregressiveLayers(
  options: AutoregressiveFamilyOptions & { readonly layers: number },
  transformer: Transformer,
  wrap: (map: Autoregressive) => Bijector = (map) => map,
): Bijector[] {
  const { features, context = 0, layers, actNorm = true, mixing = false, inputClip = 5, seed } = options;
  const { hidden = [64, 64], activation = 'relu', residual = false, order = 'alternating' } = options;
  const random = new Random(seed);
  const [weights, orders] = [random.fork('weights'), random.fork('order')];
  const bends = random.fork('bends');
  const net = { hidden, activation, residual };
  const natural = Array.from({ length: features }, (_, i) => i);
  return Array.from({ length: layers }, (_, layer): Bijector[] => {
    const alternating = layer % 2 === 0 ? natural : natural.toReversed();
    const drawn = order === 'random' ? [...orders.permutation(features)] : alternating;
    const map = new Autoregressive({ context, order: drawn, inputClip, net, transformer }, weights);
    if (options.spreadUnits === true) spreadUnits(map.variables, bends);
    return [
      ...(actNorm ? [new ActNorm({ type: 'actNorm', features, initialized: false })] : []),
      ...(mixing ? [new LuLinear({ type: 'luLinear', features })] : []),
      wrap(map),
    ];
  }).flat();
}
