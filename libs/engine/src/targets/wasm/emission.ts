import { at } from '@flowline/events';
import type { Layout } from './layout.ts';
import type { VectorMath } from './math.ts';
import type { ModuleBuilder } from './assembly/module-builder.ts';
import { networksOf, valueWidths } from '../../plan/plan.ts';
import type { Network, Plan, Step } from '../../plan/plan.ts';

/** Shared state of the parts of one module under construction. */
export interface Emission {
  readonly plan: Plan;
  readonly module: ModuleBuilder;
  readonly math: VectorMath;
  readonly layout: Layout;
}

/** Places constants in memory and returns their address. */
export const place = ({ module, layout }: Emission, values: Float32Array | Int32Array | Uint8Array): number => {
  const address = layout.allocate(values.byteLength);
  module.data(address, values);
  return address;
};

/** True if any dimension of a plan may be unobserved. Otherwise kernels omit the masks. */
export const hasPresence = (plan: Plan): boolean => plan.presence.some((column) => column !== null);

/** Largest number of dimensions that the network of any step reads. */
export const widestConditioning = (plan: Plan): number =>
  Math.max(0, ...plan.steps.map((step) => (step.type === 'transform' ? step.conditioning.dimensions.length : 0)));

/** Width of the widest intermediate value of any step, in floats per row. */
export const widestValue = (plan: Plan): number =>
  Math.max(
    0,
    ...networksOf(plan).flatMap((network) => valueWidths(network)),
    ...plan.steps.map((step) => (step.type === 'linear' ? step.bias.length : 0)),
  );

/** Number of components of a mixture base, each of which needs memory. 0 for other bases. */
export const componentCount = ({ base }: Plan): number =>
  base.type === 'gaussianMixture' ? base.logWeights.length : 0;

/** Total width of the outputs of a network. */
export const outputWidth = (network: Network): number => {
  const widths = valueWidths(network);
  return network.outputs.reduce((total, value) => total + at(widths, value), 0);
};

/**
 * Distinct input clips of a plan's networks; usually there is one. Maps whose parameters depend
 * only on the context read it unclipped.
 */
export const inputClips = (plan: Plan): readonly (number | null)[] => [
  ...new Set(plan.steps.flatMap((step) => (step.type === 'linear' ? [] : [inputClipOf(step)]))),
];

/** Input clip of the network of a step. Null if its input is not clipped. */
const inputClipOf = (step: Step): number | null => (step.type === 'transform' ? step.inputClip : null);

/** Address at which the input of a network with that clip ends and its context begins. */
export const inputEndOf = (ends: ReadonlyMap<number | null, number>, clip: number | null): number => {
  const end = ends.get(clip);
  if (end === undefined) throw new RangeError(`no input was allocated for the clip ${clip}`);
  return end;
};
