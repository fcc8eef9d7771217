import { couplingsOf } from './affine-coupling.ts';
import type { Layout } from './layout.ts';
import type { VectorMath } from './math.ts';
import type { ModuleBuilder } from './module-builder.ts';
import type { Plan } from '../plan.ts';

/** What the parts of one module under construction share. */
export interface Emission {
  readonly plan: Plan;
  readonly module: ModuleBuilder;
  readonly math: VectorMath;
  readonly layout: Layout;
}

/** Puts constants into memory and returns their address. */
export const place = ({ module, layout }: Emission, values: Float32Array | Int32Array | Uint8Array): number => {
  const address = layout.allocate(values.byteLength);
  module.data(address, values);
  return address;
};

/** Whether any dimension of a plan may be unobserved; otherwise kernels leave the masks out. */
export const hasPresence = (plan: Plan): boolean => plan.presence.some((column) => column !== null);

/** The most dimensions that any step's network reads. */
export const widestConditioning = (plan: Plan): number =>
  Math.max(0, ...couplingsOf(plan).map((step) => step.conditioning.length));

/** The different clips of a plan's networks; usually there is one. */
export const inputClips = (plan: Plan): readonly (number | null)[] => [
  ...new Set(couplingsOf(plan).map((step) => step.inputClip)),
];

/** Where the input of a network with that clip ends and its context begins. */
export const inputEndOf = (ends: ReadonlyMap<number | null, number>, clip: number | null): number => {
  const end = ends.get(clip);
  if (end === undefined) throw new RangeError(`no input was allocated for the clip ${clip}`);
  return end;
};
