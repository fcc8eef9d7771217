import type { Network, Plan, ScaleFunction, Step } from '../plan.ts';

/** An affine coupling, as the emitters see it: a transform step whose reading lies open. */
export interface AffineCouplingStep {
  readonly conditioning: Int32Array;
  readonly transformed: Int32Array;
  readonly conditioningScale: Float64Array;
  readonly conditioningShift: Float64Array;
  readonly transformedScale: Float64Array;
  readonly transformedShift: Float64Array;
  readonly inputClip: number | null;
  readonly scale: ScaleFunction;
  readonly network: Network;
}

/** Why a plan cannot be written as WebAssembly, in words; null when it can. */
export const whyNotEmitted = ({ steps, base }: Plan): string | null => {
  if (steps.some((step) => couplingOf(step) === null)) return 'a step of this flow has no WebAssembly form';
  const standard = base.type === 'normal' && [...base.location, ...base.logScale].every((value) => value === 0);
  return standard ? null : 'the base distribution of this flow has no WebAssembly form';
};

/** The steps of a plan that {@link whyNotEmitted} has nothing against. */
export const couplingsOf = (plan: Plan): readonly AffineCouplingStep[] =>
  plan.steps.map(couplingOf).filter((coupling) => coupling !== null);

const couplingOf = (step: Step): AffineCouplingStep | null => {
  if (step.type !== 'transform' || step.transformer.type !== 'affine') return null;
  const { conditioning, transformed, inputClip, network } = step;
  const { scale } = step.transformer;
  if (scale.kind === 'sigmoid' || transformed.dimensions.some((d) => conditioning.dimensions.includes(d))) return null;
  return {
    conditioning: conditioning.dimensions,
    transformed: transformed.dimensions,
    conditioningScale: conditioning.scale,
    conditioningShift: conditioning.shift,
    transformedScale: transformed.scale,
    transformedShift: transformed.shift,
    inputClip,
    scale,
    network,
  };
};
