import type { Base, Layer, Plan, Step } from '../plan/plan.ts';
import type { TrainingPlan } from '../plan/training-plan.ts';

/** Training plan whose parameters are the weights of a plan other than 0, and their values. */
export const trainable = (plan: Plan): { plan: TrainingPlan; values: Float64Array } => {
  const values: number[] = [];
  const places = (of: Float64Array): Float64Array => of.map((value) => (value === 0 ? 0 : values.push(value)));
  const steps = plan.steps.map((step): Step => {
    if (step.type === 'linear') return step;
    const layers = step.network.layers.map((layer): Layer =>
      layer.type === 'dense' ? { ...layer, weights: places(layer.weights), bias: places(layer.bias) } : layer,
    );
    return { ...step, network: { ...step.network, layers } };
  });
  const { base } = plan;
  const placed = { ...base, location: places(base.location), logScale: places(base.logScale) };
  const withWeights: Base =
    placed.type === 'gaussianMixture' ? { ...placed, logWeights: places(placed.logWeights) } : placed;
  return {
    plan: {
      places: { ...plan, steps, base: withWeights },
      parameters: values.length,
      decay: new Uint8Array(values.length),
    },
    values: Float64Array.from(values),
  };
};
