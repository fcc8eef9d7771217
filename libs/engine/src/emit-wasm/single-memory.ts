import { componentCount, inputClips, widestConditioning } from './emission.ts';
import type { Emission } from './emission.ts';

const FLOAT_BYTES = 4;
/** Rounded up to whole vectors. */
export const padded = (width: number): number => Math.ceil(width / 4) * 4;

/** Where the quantities of a single row live. */
export interface SingleMemory {
  /** d floats, then zeros up to a whole vector. */
  readonly state: number;
  /** d floats: 1 where a dimension is observed. */
  readonly masks: number;
  /** c floats: the context as it came. */
  readonly context: number;
  /** By clip: the context squashed. The input of a network is the whole vectors right before it. */
  readonly inputEnds: ReadonlyMap<number | null, number>;
  /** Four partial sums of the log-determinant. */
  readonly logDet: number;
  /** A float for each component of the base, where it is a mixture. */
  readonly components: number;
  /** A float that is zero: where lanes that stand for no dimension read and write. */
  readonly nothing: number;
}

/** Allocates the row of a plan. */
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
