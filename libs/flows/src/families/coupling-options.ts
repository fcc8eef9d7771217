import type { Activation } from '../conditioners/activation.ts';
import type { PartitionScheme } from '../partition.ts';
import type { FamilyOptions } from './family.ts';

/** The options that the coupling families share. */
export interface CouplingFamilyOptions extends FamilyOptions {
  /** Number of couplings (default 8). */
  readonly layers?: number;
  /** Widths of the hidden layers of each coupling's network (default [64, 64]). */
  readonly hidden?: readonly number[];
  /** Default `relu`. */
  readonly activation?: Activation;
  /** Adds the input of a hidden layer to its output where the widths agree (default false). */
  readonly residual?: boolean;
  /**
   * Units of first layers bend at points drawn from N(0, I) rather than all at 0 (default false): with few features, a density of many
   * modes or edges is fitted in fewer steps.
   */
  readonly spreadUnits?: boolean;
  /** Networks see clip·tanh(input / clip) (default 5); null: the input as it is. */
  readonly inputClip?: number | null;
  /** An ActNorm before each coupling (default true). */
  readonly actNorm?: boolean;
  /** How features are divided; `learned`: a trained LU map mixes them before each coupling, and halves condition in turn. */
  readonly partition?: PartitionScheme | 'learned';
}
