import { at } from '@flowline/events';

import { callElementWise, defineElementWise } from './element-wise.ts';
import type { TrainingEmission } from './emission.ts';
import { prepareNetwork } from './network.ts';
import type { AdjointBlocks, TrainedNetwork } from './network.ts';
import { maskOf, squashedContext } from './panel-blocks.ts';
import type { PanelBlocks } from './panel-blocks.ts';
import type { Emit, Pass } from './pass.ts';
import { f32x4, v128 } from '../assembly/expression.ts';
import type { V128 } from '../assembly/expression.ts';
import type { FunctionReference } from '../assembly/function-builder.ts';
import { writeFormulas } from '../formula.ts';
import { PANEL_BYTES } from '../layout.ts';
import { squash, squashSlope } from '../squash.ts';
import { parametersOf } from '../../../plan/plan.ts';
import type { Transformer, TransformStep } from '../../../plan/plan.ts';
import { transformFormulas } from '../../../steps/transform.ts';

/** Step over panels, forward and backward. */
export interface TrainedStep {
  readonly forward: Emit;
  readonly backward: Emit;
}

/** Prepares a coupling, an autoregressive or an element-wise map. */
export const prepareTransform = (
  emission: TrainingEmission,
  blocks: PanelBlocks,
  step: TransformStep,
  adjoints: AdjointBlocks,
): TrainedStep => {
  const conditioning = step.conditioning.dimensions.length;
  const context = squashedContext(blocks, step.inputClip);
  const network = prepareNetwork(emission, step.network, conditioning, context, adjoints);
  const before = emission.panel.allocate(step.transformed.dimensions.length);
  return {
    forward: (pass) => {
      writeGather(emission, pass, blocks, step, network);
      network.forward(pass);
      writeApply(emission, pass, blocks, step, network, before);
    },
    backward: (pass) => {
      writePullBack(emission, pass, blocks, step, network, before);
      network.backward(pass);
      writeScatter(emission, pass, blocks, step, network);
    },
  };
};

/** Inputs of the network: squash(state) of the conditioning dimensions. */
const writeGather = (
  emission: TrainingEmission,
  pass: Pass,
  { state }: PanelBlocks,
  { conditioning, inputClip }: TransformStep,
  { input }: TrainedNetwork,
): void => {
  const kernel = defineElementWise(emission, `squash ${inputClip}`, 2, (f, [from, to]) => {
    if (from === undefined || to === undefined) return;
    f.store(to, squash(f, emission.math, inputClip, f.let(v128.load(from))));
  });
  conditioning.dimensions.forEach((dimension, i) => {
    callElementWise(pass, kernel, 1, [state + dimension * PANEL_BYTES, input + i * PANEL_BYTES]);
  });
};

/** Adds ∂L/∂input, through the squashing, to ∂L/∂state. */
const writeScatter = (
  emission: TrainingEmission,
  pass: Pass,
  { adjoint }: PanelBlocks,
  { conditioning, inputClip }: TransformStep,
  { input, inputAdjoint }: TrainedNetwork,
): void => {
  if (inputAdjoint === null) return;
  const kernel = defineElementWise(emission, `squashSlope ${inputClip}`, 3, (f, [value, from, to]) => {
    if (value === undefined || from === undefined || to === undefined) return;
    const slope = squashSlope(f, inputClip, f.let(v128.load(value)));
    f.store(to, emission.math.multiplyAdd(v128.load(from), slope, v128.load(to)));
  });
  conditioning.dimensions.forEach((dimension, i) => {
    const own = i * PANEL_BYTES;
    callElementWise(pass, kernel, 1, [input + own, inputAdjoint + own, adjoint + dimension * PANEL_BYTES]);
  });
};

/** Offset of the k-th parameter of the i-th dimension in blocks of outputs. */
const parameterOffset = (outputs: readonly number[], width: number, k: number, i: number): number =>
  (outputs.length === 1 ? at(outputs, 0) + k * width * PANEL_BYTES : at(outputs, k)) + i * PANEL_BYTES;

/** v ← o·g(u; θ), and log|det| += o·log ∂g/∂u. */
const writeApply = (
  emission: TrainingEmission,
  pass: Pass,
  blocks: PanelBlocks,
  { transformed, transformer }: TransformStep,
  { outputs }: TrainedNetwork,
  before: number,
): void => {
  const { dimensions } = transformed;
  const count = parametersOf(transformer);
  dimensions.forEach((dimension, i) => {
    const mask = maskOf(emission, blocks, dimension);
    const kernel = defineApply(emission, transformer, mask !== null);
    const parameters = Array.from({ length: count }, (_, k) => parameterOffset(outputs, dimensions.length, k, i));
    const state = blocks.state + dimension * PANEL_BYTES;
    const own = [state, before + i * PANEL_BYTES, blocks.logProb, ...(mask === null ? [] : [mask])];
    callElementWise(pass, kernel, 1, [...own, ...parameters]);
  });
};

const defineApply = (emission: TrainingEmission, transformer: Transformer, masked: boolean): FunctionReference => {
  const count = parametersOf(transformer);
  const key = `apply ${JSON.stringify(transformer)} ${masked}`;
  return defineElementWise(emission, key, (masked ? 4 : 3) + count, (f, addresses) => {
    const { forward } = transformFormulas(transformer);
    const [state, before, logProb] = [at(addresses, 0), at(addresses, 1), at(addresses, 2)];
    const mask = masked ? f.let(v128.load(at(addresses, 3))) : null;
    const u = f.let(v128.load(state));
    const inputs = [u, ...addresses.slice(-count).map((address) => f.let(v128.load(address)))];
    const results = writeFormulas(f, emission.math, forward, (i) => at(inputs, i));
    const observed = (value: V128): V128 => (mask === null ? value : f32x4.mul(value, mask));
    f.store(before, u);
    f.store(state, observed(at(results, 0)));
    f.store(logProb, f32x4.add(v128.load(logProb), observed(at(results, 1))));
  });
};

/** ∂L/∂v and the weight of the row in log|det| → ∂L/∂u and ∂L/∂θ. */
const writePullBack = (
  emission: TrainingEmission,
  pass: Pass,
  blocks: PanelBlocks,
  { transformed, transformer }: TransformStep,
  { outputs, outputAdjoints }: TrainedNetwork,
  before: number,
): void => {
  const { dimensions } = transformed;
  const count = parametersOf(transformer);
  dimensions.forEach((dimension, i) => {
    const mask = maskOf(emission, blocks, dimension);
    const kernel = definePullBack(emission, transformer, mask !== null);
    const places = (of: readonly number[]): readonly number[] =>
      Array.from({ length: count }, (_, k) => parameterOffset(of, dimensions.length, k, i));
    const adjoint = blocks.adjoint + dimension * PANEL_BYTES;
    const own = [adjoint, before + i * PANEL_BYTES, blocks.weight, ...(mask === null ? [] : [mask])];
    callElementWise(pass, kernel, 1, [...own, ...places(outputs), ...places(outputAdjoints)]);
  });
};

const definePullBack = (emission: TrainingEmission, transformer: Transformer, masked: boolean): FunctionReference => {
  const count = parametersOf(transformer);
  const key = `pullBack ${JSON.stringify(transformer)} ${masked}`;
  const own = masked ? 4 : 3;
  return defineElementWise(emission, key, own + 2 * count, (f, addresses) => {
    const { training } = transformFormulas(transformer);
    const [adjoint, before, weight] = [at(addresses, 0), at(addresses, 1), at(addresses, 2)];
    const mask = masked ? f.let(v128.load(at(addresses, 3))) : null;
    const parameters = addresses.slice(own, own + count);
    const inputs = [before, ...parameters, adjoint, weight].map((address) => f.let(v128.load(address)));
    const results = writeFormulas(f, emission.math, training, (i) => at(inputs, i));
    const observed = (value: V128): V128 => (mask === null ? value : f32x4.mul(value, mask));
    f.store(adjoint, observed(at(results, 0)));
    addresses.slice(own + count).forEach((address, k) => f.store(address, observed(at(results, k + 1))));
  });
};
