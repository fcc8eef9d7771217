import { at } from '@flowline/events';

import type { Base, Layer, Network, Plan, Step } from './plan.ts';

/**
 * Flow whose parameters change. Its steps are those of a plan in which nothing is folded: every
 * reading, and the last affine map, is the identity.
 */
export interface TrainingPlan {
  /**
   * Plan in which places stand for weights: n > 0 for parameter n − 1 of the flow, in the order of
   * `flow.variables`, and 0 for a weight that is always 0. `logWeights` of a mixture are places of
   * logits. Fixed layers have their weights as they are.
   */
  readonly places: Plan;
  /** Number of parameters of the flow. */
  readonly parameters: number;
  /** [parameters] 1 where weight decay applies. */
  readonly decay: Uint8Array;
}

/** Plan with values of the parameters in their places. */
export const withValues = ({ places }: TrainingPlan, values: ArrayLike<number>): Plan => {
  const valuesAt = (of: Float64Array): Float64Array => of.map((place) => (place === 0 ? 0 : at(values, place - 1)));
  const { base } = places;
  return {
    ...places,
    steps: places.steps.map((step): Step =>
      step.type === 'linear' ? step : { ...step, network: networkWith(step.network, valuesAt) },
    ),
    base: baseWith(base, valuesAt),
  };
};

const networkWith = (network: Network, valuesAt: (places: Float64Array) => Float64Array): Network => ({
  ...network,
  layers: network.layers.map((layer): Layer =>
    layer.type !== 'dense' || layer.isFixed === true
      ? layer
      : { ...layer, weights: valuesAt(layer.weights), bias: valuesAt(layer.bias) },
  ),
});

const baseWith = (base: Base, valuesAt: (places: Float64Array) => Float64Array): Base => {
  const placed = { ...base, location: valuesAt(base.location), logScale: valuesAt(base.logScale) };
  return placed.type === 'gaussianMixture'
    ? { ...placed, logWeights: logSoftmax(valuesAt(placed.logWeights)) }
    : placed;
};

/** logit − log Σ e^logit */
export const logSoftmax = (logits: Float64Array): Float64Array => {
  const largest = Math.max(...logits);
  const total = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => logit - total);
};
