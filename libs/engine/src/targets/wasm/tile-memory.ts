import { allocateContextList } from './context-list.ts';
import type { ContextList } from './context-list.ts';
import { componentCount, inputClips, place, widestConditioning } from './emission.ts';
import type { Emission } from './emission.ts';
import { STRIDE } from './layout.ts';

/**
 * Addresses of the quantities of a tile. A quantity is one stride wide: one float per row of the
 * tile.
 */
export interface TileMemory {
  /** d quantities: the state. */
  readonly state: number;
  /** c quantities: the context as given. */
  readonly context: number;
  /**
   * Per clip: c quantities, the squashed context. The input of a network ends where they begin, so
   * that [inputs | context] lie side by side.
   */
  readonly inputEnds: ReadonlyMap<number | null, number>;
  /** Four partial sums of the log-determinant. */
  readonly logDet: number;
  /** One quantity per component of the base, if it is a mixture. */
  readonly components: number;
  /** Columns of the context that are not zero; null if there are few columns. */
  readonly list: ContextList | null;
  /** Per dimension: the quantity that is 1 where it is observed. */
  readonly masks: readonly number[];
}

/**
 * Number of partial sums over dimensions. Element i goes to sum i mod 4, as in the four lanes of a
 * vector.
 */
export const PARTIAL_SUMS = 4;

/** Allocates the tile of a plan. */
export const allocateTile = (emission: Emission): TileMemory => {
  const { layout, plan } = emission;
  const state = layout.allocate(plan.features * STRIDE);
  const context = layout.allocate(plan.context * STRIDE);
  const widest = widestConditioning(plan);
  const inputEnds = new Map(
    inputClips(plan).map((clip) => [clip, layout.allocate((widest + plan.context) * STRIDE) + widest * STRIDE]),
  );
  const logDet = layout.allocate(PARTIAL_SUMS * STRIDE);
  const components = layout.allocate(componentCount(plan) * STRIDE);
  const always = place(emission, new Float32Array(STRIDE / 4).fill(1));
  const masks = plan.presence.map((column) => (column === null ? always : layout.allocate(STRIDE)));
  const list = allocateContextList(emission);
  return { state, context, inputEnds, logDet, components, list, masks };
};
