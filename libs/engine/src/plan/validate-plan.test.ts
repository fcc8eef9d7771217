import { describe, expect, it } from '@jest/globals';

import type { TransformStep, DenseLayer, Plan } from './plan.ts';
import { randomPlan, typicalShape } from '../testing/random-plan.ts';
import { validatePlan } from './validate-plan.ts';

const plan = randomPlan({ ...typicalShape, features: 4, context: 1, couplings: 2, hidden: [5], seed: 1 });
const [step] = plan.steps as [TransformStep];
const withStep = (change: Partial<TransformStep>): Plan => ({ ...plan, steps: [{ ...step, ...change }] });
const withLayer = (index: number, change: Partial<DenseLayer>): Plan => {
  const layers = step.network.layers.map((layer, i) => (i === index ? { ...(layer as DenseLayer), ...change } : layer));
  return withStep({ network: { ...step.network, layers } });
};

const autoregressive = randomPlan({
  ...typicalShape,
  features: 40,
  context: 1,
  nullable: 0,
  couplings: 1,
  hidden: [50],
  autoregressive: true,
  seed: 1,
});

describe('validatePlan', () => {
  it('accepts a map of what it reads where the parameters come in an order, and no other', () => {
    expect(() => validatePlan(autoregressive)).not.toThrow();
    const [map] = autoregressive.steps as [TransformStep];
    const first = map.network.layers[0] as DenseLayer;
    const open = { ...first, weights: first.weights.map((weight) => weight || 0.1) };
    const layers = [open, ...map.network.layers.slice(1)];
    const cyclic = { ...autoregressive, steps: [{ ...map, network: { ...map.network, layers } }] };
    expect(() => validatePlan(cyclic)).toThrow(/depend on no dimension/);
  });

  it('accepts a plan that can run', () => expect(() => validatePlan(plan)).not.toThrow());

  it.each<[string, Plan, string]>([
    ['no dimensions', { ...plan, features: 0 }, 'plan'],
    ['a presence column beyond the context', { ...plan, presence: [1, null, null, null] }, 'plan.presence'],
    ['a dimension twice in the order', { ...plan, order: Int32Array.of(0, 1, 2, 2) }, 'plan.order'],
    ['a scale that is not finite', { ...plan, scale: Float64Array.of(1, 1, NaN, 1) }, 'plan.scale'],
    ['a step that reads what it transforms', withStep({ conditioning: step.transformed }), 'plan.steps[0]'],
    [
      'a dimension beyond the plan',
      withStep({ transformed: { ...step.transformed, dimensions: Int32Array.of(3, 4) } }),
      'plan.steps[0]',
    ],
    ['a bound of 0', withStep({ transformer: { type: 'affine', scale: { kind: 'tanh', bound: 0 } } }), 'plan.steps[0]'],
    ['a later value', withLayer(0, { source: 1 }), 'plan.steps[0].network.layers[0]'],
    ['weights of another size', withLayer(0, { weights: new Float64Array(3) }), 'plan.steps[0].network.layers[0]'],
    [
      'a weight beyond float32',
      withLayer(1, { bias: new Float64Array(4).fill(1e39) }),
      'plan.steps[0].network.layers[1]',
    ],
    ['outputs of another width', withStep({ network: { ...step.network, outputs: [1] } }), 'plan.steps[0].network'],
  ])('refuses %s', (_name, wrong, where) => {
    let error: unknown;
    try {
      validatePlan(wrong);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'FLOWLINE_MODEL_INCOMPATIBLE' });
    expect((error as { where: string }).where.startsWith(where)).toBe(true);
  });
});
