import type { Flow } from '../flow.ts';

/** Arguments with which the generic proofs make a flow. */
export interface Shape {
  readonly features: number;
  readonly context: number;
  readonly seed: number;
  readonly presence?: readonly (number | null)[];
  /** Number of couplings or similar layers; constructors of a single bijector ignore it. */
  readonly layers?: number;
}

/** A constructor covered by the generic proofs. A line in table.ts adds one to every proof. */
export interface Constructor {
  readonly name: string;
  make(shape: Shape): Flow;
  /** True if scales are bounded, so that log p falls steadily towards the tails. */
  readonly bounded: boolean;
  /** True if features stay in place or are permuted, so that missing ones can be left out. */
  readonly supportsMissing: boolean;
  /**
   * True to train it in the density proofs (integral 1, sample moments): one constructor per family
   * is enough.
   */
  readonly trained: boolean;
}
