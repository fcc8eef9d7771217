import { componentCount, inputClips, widestConditioning } from './emission.ts';
import type { Emission } from './emission.ts';

const FLOAT_BYTES = 4;
/** Width rounded up to whole vectors. */
export const padded = (width: number): number => Math.ceil(width / 4) * 4;

/** Addresses of the quantities of a single row. */
export interface SingleMemory {
  /** d floats, then zeros up to a whole vector. */
  readonly state: number;
  /** d floats: 1 where a dimension is observed. */
  readonly masks: number;
  /** c floats: the context as given. */
  readonly context: number;
  /**
   * Per clip: the squashed context. The input of a network is the whole vectors right before it.
   */
  readonly inputEnds: ReadonlyMap<number | null, number>;
  /** Four partial sums of the log-determinant. */
  readonly logDet: number;
  /** One float per component of the base, if it is a mixture. */
  readonly components: number;
  /** A float that is zero. Lanes without a dimension read and write here. */
  readonly nothing: number;
}

/** Allocates the memory of a single row of a plan. */
export const allocateSingle = ({ layout, plan }: Emission): SingleMemory => {
  const floats = (count: number): number => padded(count) * FLOAT_BYTES;
  const state = layout.allocate(floats(plan.features));
  const masks = layout.allocate(floats(plan.features));
  const context = layout.allocate(floats(plan.context));
  const before = floats(widestConditioning(plan));
  const inputEnds = new Map(
    inputClips(plan).map((clip) => [clip, layout.allocate(before + floats(plan.context)) + before]),
  );
  const logDet = layout.allocate(4 * FLOAT_BYTES);
  const components = layout.allocate(floats(componentCount(plan)));
  const nothing = layout.allocate(FLOAT_BYTES);
  return { state, masks, context, inputEnds, logDet, components, nothing };
};
