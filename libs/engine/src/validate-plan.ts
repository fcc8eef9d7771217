import { FlowlineError } from '@flowline/events';

import { at } from './at.ts';
import { sourcesOf, valueWidths } from './plan.ts';
import type { AffineCouplingStep, Network, Plan } from './plan.ts';

/**
 * Throws FLOWLINE_MODEL_INCOMPATIBLE unless a plan is one that every executor runs: sizes agree, indices exist, steps
 * transform each dimension at most once and never what they read, weights are finite, and no layer reads an output or adds
 * or activates the network's input.
 */
export const validatePlan = (plan: Plan): void => {
  const { features, context, presence, order } = plan;
  expect(Number.isInteger(features) && features >= 1 && Number.isInteger(context) && context >= 0, 'plan', 'sizes');
  const columns = presence.every((column) => column === null || isIndex(column, context));
  expect(presence.length === features && columns, 'plan.presence', 'a context column or null per feature');
  const seen = new Set(order);
  expect(order.length === features && seen.size === features, 'plan.order', 'each dimension once');
  for (const dimension of order) expect(isIndex(dimension, features), 'plan.order', 'dimensions of the plan');
  for (const [name, values] of Object.entries({ scale: plan.scale, shift: plan.shift, logScale: plan.logScale })) {
    expect(values.length === features && values.every(Number.isFinite), `plan.${name}`, `${features} finite values`);
  }
  plan.steps.forEach((step, i) => validateCoupling(step, plan, `plan.steps[${i}]`));
};

const validateCoupling = (step: AffineCouplingStep, plan: Plan, where: string): void => {
  const dimensions = [...step.conditioning, ...step.transformed];
  const apart = new Set(dimensions).size === dimensions.length;
  expect(apart && dimensions.every((d) => isIndex(d, plan.features)), where, 'dimensions of the plan, each once');
  expect(step.transformed.length >= 1, where, 'at least one transformed dimension');
  for (const [values, length] of [
    [step.conditioningScale, step.conditioning.length],
    [step.conditioningShift, step.conditioning.length],
    [step.transformedScale, step.transformed.length],
    [step.transformedShift, step.transformed.length],
  ] as const) {
    expect(values.length === length && values.every(Number.isFinite), where, 'a finite scale and shift per dimension');
  }
  for (const bound of [step.inputClip, step.scale.bound]) {
    expect(bound === null || (Number.isFinite(bound) && bound > 0), where, 'bounds above 0');
  }
  expect(step.network.inputs === step.conditioning.length + plan.context, where, 'a network over what it reads');
  validateNetwork(step.network, step.transformed.length, `${where}.network`);
};

const validateNetwork = (network: Network, transformed: number, where: string): void => {
  network.layers.forEach((layer, i) => {
    const sources = sourcesOf(layer);
    expect(
      sources.every((value) => isIndex(value, i + 1) && !network.outputs.includes(value)),
      `${where}.layers[${i}]`,
      'earlier values that are not outputs',
    );
    expect(layer.type === 'dense' || !sources.includes(0), `${where}.layers[${i}]`, 'a computed value');
  });
  const widths = valueWidths(network);
  network.layers.forEach((layer, i) => {
    const [first, second] = sourcesOf(layer).map((value) => at(widths, value));
    if (layer.type === 'sum') expect(first === second, `${where}.layers[${i}]`, 'two values of the same width');
    if (layer.type !== 'dense') return;
    const sized = layer.weights.length === layer.inputs * layer.outputs && layer.bias.length === layer.outputs;
    expect(first === layer.inputs && layer.outputs >= 1 && sized, `${where}.layers[${i}]`, 'weights of its size');
    const finite = layer.weights.every(isFloat32) && layer.bias.every(isFloat32);
    expect(finite, `${where}.layers[${i}]`, 'weights that are finite in float32');
  });
  const outputs = network.outputs.map((value) => at(widths, value)).join();
  expect(
    [`${2 * transformed}`, `${transformed},${transformed}`].includes(outputs) &&
      network.outputs.every((value) => value > 0 && at(network.layers, value - 1).type === 'dense'),
    `${where}.outputs`,
    'one dense layer with scales and shifts, or one for each',
  );
};

const isIndex = (value: number, length: number): boolean => Number.isInteger(value) && value >= 0 && value < length;

const isFloat32 = (value: number): boolean => Number.isFinite(Math.fround(value));

const expect = (condition: boolean, where: string, expected: string): void => {
  if (condition) return;
  throw new FlowlineError('FLOWLINE_MODEL_INCOMPATIBLE', `the plan cannot run: expected ${expected}`, {
    where,
    remedy: 'Load the model with the release that wrote it, or train it again.',
  });
};
