import type { Activation } from '../conditioners/activation.ts';
import type { PartitionScheme } from '../partition.ts';
import type { FamilyOptions } from './family.ts';

/** Options common to the coupling families. */
export interface CouplingFamilyOptions extends FamilyOptions {
  /** Number of couplings (default 8). */
  readonly layers?: number;
  /** Widths of the hidden layers of each coupling's network (default [64, 64]). */
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
  /** Puts an ActNorm before each coupling (default true). */
  readonly actNorm?: boolean;
  /**
   * Division of the features into conditioning and transformed ones. `learned`: a trained LU map
   * mixes the features before each coupling, and the halves condition alternately.
   */
  readonly partition?: PartitionScheme | 'learned';
}
