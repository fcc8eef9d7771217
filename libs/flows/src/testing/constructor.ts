import type { Flow } from '../flow.ts';

/** How the generic proofs make a flow. */
export interface Shape {
  readonly features: number;
  readonly context: number;
  readonly seed: number;
  readonly presence?: readonly (number | null)[];
  /** Couplings or the like; a constructor of a single bijector ignores it. */
  readonly layers?: number;
}

/** A constructor that the generic proofs run over. Add a line to table.ts and every proof covers it. */
export interface Constructor {
  readonly name: string;
  make(shape: Shape): Flow;
  /** Scales are bounded: log p falls steadily towards the tails. */
  readonly bounded: boolean;
  /** Features keep their place or are permuted, so that missing ones can be left out. */
  readonly supportsMissing: boolean;
  /** Trained in the density proofs (integration to 1, sample moments): one constructor per family is enough. */
  readonly trained: boolean;
}
