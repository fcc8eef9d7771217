import { at, atOnce, FlowlineError, type Steps } from '@flowline/events';

import { allFinite } from '../all-finite.ts';
import { parametersOf, sourcesOf, valueWidths } from './plan.ts';
import type {
  Base,
  ContextualStep,
  LinearStep,
  Network,
  Plan,
  Reading,
  Step,
  TransformStep,
  Transformer,
} from './plan.ts';
import { partWidths } from '../steps/contextual-map.ts';
import { contextualMap } from '../steps/contextual.ts';

/**
 * Throws FLOWLINE_MODEL_INCOMPATIBLE unless every executor can run the plan: sizes agree, indices
 * exist, a step writes each dimension at most once, Jacobians are triangular, weights are finite,
 * and no layer reads an output or adds or activates the network's input.
 */
export const validatePlan = (plan: Plan): void => atOnce(planValidation(plan));

/** {@link validatePlan} in parts. */
export function* planValidation(plan: Plan): Steps<void> {
  const { features, context, presence, order } = plan;
  expect(Number.isInteger(features) && features >= 1 && Number.isInteger(context) && context >= 0, 'plan', 'sizes');
  const columns = presence.every((column) => column === null || isIndex(column, context));
  expect(presence.length === features && columns, 'plan.presence', 'a context column or null per feature');
  const seen = new Set(order);
  expect(order.length === features && seen.size === features, 'plan.order', 'each dimension once');
  for (const dimension of order) expect(isIndex(dimension, features), 'plan.order', 'dimensions of the plan');
  for (const [name, values] of Object.entries({ scale: plan.scale, shift: plan.shift, logScale: plan.logScale })) {
    expect(isFinite(values, features), `plan.${name}`, `${features} finite values`);
  }
  for (const [i, step] of plan.steps.entries()) {
    validateStep(step, plan, `plan.steps[${i}]`);
    yield;
  }
  validateBase(plan.base, features);
}

const validateStep = (step: Step, plan: Plan, where: string): void => {
  switch (step.type) {
    case 'transform':
      validateTransform(step, plan, where);
      break;
    case 'linear':
      validateLinear(step, plan, where);
      break;
    default:
      validateContextual(step, plan, where);
  }
};

const validateReading = ({ dimensions, scale, shift }: Reading, plan: Plan, where: string): void => {
  const distinct = new Set(dimensions).size === dimensions.length;
  expect(distinct && dimensions.every((d) => isIndex(d, plan.features)), where, 'dimensions of the plan, each once');
  const sized = isFinite(scale, dimensions.length) && isFinite(shift, dimensions.length);
  expect(sized, where, 'a finite scale and shift per dimension');
};

const validateTransform = (step: TransformStep, plan: Plan, where: string): void => {
  const { conditioning, transformed, network, transformer, inputClip } = step;
  validateReading(conditioning, plan, where);
  validateReading(transformed, plan, where);
  const width = transformed.dimensions.length;
  expect(width >= 1, where, 'at least one transformed dimension');
  expect(inputClip === null || isPositive(inputClip), where, 'bounds above 0');
  validateTransformer(transformer, where);
  expect(network.inputs === conditioning.dimensions.length + plan.context, where, 'a network over what it reads');
  const parameters = parametersOf(transformer);
  const widths = [[parameters * width], Array.from({ length: parameters }, () => width)];
  validateNetwork(network, widths, `${where}.network`);
  expect(isTriangular(step), where, 'parameters that depend on no dimension that depends on theirs');
};

const validateTransformer = (transformer: Transformer, where: string): void => {
  if (transformer.type === 'rationalQuadratic') {
    const { bins, bound, parameterBound } = transformer;
    expect(Number.isInteger(bins) && bins >= 2 && bins < 1000, where, 'from 2 to 999 bins');
    expect(isPositive(bound) && (parameterBound === null || isPositive(parameterBound)), where, 'bounds above 0');
    return;
  }
  if (transformer.type === 'pixelLogit') {
    const { values, margin } = transformer;
    expect(Number.isInteger(values) && values >= 2, where, 'at least two grey levels');
    expect(margin > 0 && margin < 0.5, where, 'a margin from 0 to one half');
    return;
  }
  expect(transformer.scale.bound === null || isPositive(transformer.scale.bound), where, 'bounds above 0');
  if (transformer.type !== 'deepSigmoid') return;
  expect(Number.isInteger(transformer.units) && transformer.units >= 1, where, 'at least one unit');
  expect(Number.isFinite(transformer.spread), where, 'a finite spread');
};

const validateLinear = ({ read, weights, bias }: LinearStep, plan: Plan, where: string): void => {
  validateReading(read, plan, where);
  const width = read.dimensions.length;
  expect(weights.length === width * width && bias.length === width, where, 'weights of its size');
  expect(fitFloat32(weights) && fitFloat32(bias), where, 'weights that are finite in float32');
};

const validateContextual = (step: ContextualStep, plan: Plan, where: string): void => {
  const { read, network } = step;
  const map = contextualMap(step);
  if (map.requires !== undefined) expect(map.requires.met, where, map.requires.options);
  validateReading(read, plan, where);
  expect(read.dimensions.length === plan.features, where, 'every dimension');
  expect(network.inputs === plan.context, where, 'a network over the context');
  const outputs = partWidths(map, plan.features).reduce((sum, width) => sum + width, 0);
  validateNetwork(network, [[outputs]], `${where}.network`);
};

const validateNetwork = (network: Network, outputs: readonly (readonly number[])[], where: string): void => {
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
    const finite = fitFloat32(layer.weights) && fitFloat32(layer.bias);
    expect(finite, `${where}.layers[${i}]`, 'weights that are finite in float32');
  });
  const found = network.outputs.map((value) => at(widths, value)).join();
  expect(
    outputs.some((expected) => expected.join() === found) &&
      network.outputs.every((value) => value > 0 && at(network.layers, value - 1).type === 'dense'),
    `${where}.outputs`,
    `dense layers of ${outputs.map((expected) => expected.join(' + ')).join(' or ')} outputs`,
  );
};

const validateBase = (base: Base, features: number): void => {
  const components = base.type === 'gaussianMixture' ? base.logWeights.length : 1;
  expect(components >= 1, 'plan.base', 'at least one component');
  for (const values of [base.location, base.logScale]) {
    expect(isFinite(values, components * features), 'plan.base', 'a finite location and scale per dimension');
  }
  if (base.type === 'studentT') {
    expect(isPositive(base.degreesOfFreedom) && Number.isFinite(base.logNormalizer), 'plan.base', 'degrees of freedom');
  }
};

/**
 * True if the dimensions can be ordered so that the parameters of each depend only on earlier ones.
 * Weights of zero are no dependency.
 */
const isTriangular = ({ conditioning, transformed, network, transformer }: TransformStep): boolean => {
  const place = new Map(Array.from(transformed.dimensions, (dimension, i) => [dimension, i]));
  const inputs = Array.from(conditioning.dimensions, (dimension) => place.get(dimension) ?? -1);
  if (inputs.every((i) => i < 0)) return true;
  const width = transformed.dimensions.length;
  const outputs = outputDependencies(network, inputs, width);
  const needs = Array.from({ length: width }, (_, i) => {
    const own = Array.from({ length: parametersOf(transformer) }, (_, k) => at(outputs, k * width + i));
    return own.reduce(union, noBits(width));
  });
  // Repeatedly removes dimensions that depend on none of the remaining ones.
  const left = noBits(width);
  for (let i = 0; i < width; i++) setBit(left, i);
  const remaining = new Set(needs.keys());
  for (let before = -1; before !== remaining.size;) {
    before = remaining.size;
    for (const i of remaining) {
      if (at(needs, i).some((word, w) => (word & at(left, w)) !== 0)) continue;
      remaining.delete(i);
      left[i >> 5] = at(left, i >> 5) & ~(1 << (i & 31));
    }
  }
  return remaining.size === 0;
};

/** Per output of a network: the labels (≥ 0) of the inputs that it depends on, as a bit set. */
const outputDependencies = (network: Network, labels: readonly number[], count: number): readonly Uint32Array[] => {
  const input = Array.from({ length: network.inputs }, (_, i) => {
    const own = noBits(count);
    const label = labels.at(i) ?? -1;
    if (label >= 0) setBit(own, label);
    return own;
  });
  const values: (readonly Uint32Array[])[] = [input];
  for (const layer of network.layers) {
    const [first = [], second = []] = sourcesOf(layer).map((value) => at(values, value));
    if (layer.type === 'dense') {
      const { weights, outputs } = layer;
      const dependsOn = (o: number) => (sum: Uint32Array, own: Uint32Array, i: number) =>
        weights[i * outputs + o] === 0 ? sum : union(sum, own);
      values.push(Array.from({ length: outputs }, (_, o) => first.reduce(dependsOn(o), noBits(count))));
    } else {
      values.push(first.map((own, i) => union(own.slice(), second.at(i) ?? noBits(count))));
    }
  }
  return network.outputs.flatMap((value) => at(values, value));
};

const noBits = (count: number): Uint32Array => new Uint32Array(Math.ceil(count / 32));

const setBit = (bits: Uint32Array, i: number): void => {
  bits[i >> 5] = at(bits, i >> 5) | (1 << (i & 31));
};

/** Adds a bit set to another, in place. */
const union = (bits: Uint32Array, more: Uint32Array): Uint32Array => {
  for (let w = 0; w < bits.length; w++) bits[w] = at(bits, w) | at(more, w);
  return bits;
};

const isIndex = (value: number, length: number): boolean => Number.isInteger(value) && value >= 0 && value < length;

const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;

const isFinite = (values: Float64Array, length: number): boolean => values.length === length && allFinite(values);

const fitFloat32 = (values: Float64Array): boolean => allFinite(new Float32Array(values));

const expect = (condition: boolean, where: string, expected: string): void => {
  if (condition) return;
  throw new FlowlineError('FLOWLINE_MODEL_INCOMPATIBLE', `the plan cannot run: expected ${expected}`, {
    where,
    remedy: 'Load the model with the release that wrote it, or train it again.',
  });
};
