import { definePullBackShared, definePullBackWeights } from './dense-gradient.ts';
import { defineProduct } from './dense-product.ts';
import { callElementWise, defineElementWise } from './element-wise.ts';
import type { TrainingEmission } from './emission.ts';
import { padded } from './panel.ts';
import { weightStride } from './parameter-layout.ts';
import type { DensePlaces } from './parameter-layout.ts';
import { gradient, parameter, quantity } from './pass.ts';
import type { Emit, Pass } from './pass.ts';
import { place } from '../emission.ts';
import { slopeAt } from '../activation.ts';
import { f32x4, i32, v128 } from '../assembly/expression.ts';
import type { I32 } from '../assembly/expression.ts';
import type { Activation } from '../../../plan/plan.ts';

/** Values that a dense layer reads, with the weights for them. */
export interface DenseSource {
  /** Offset of the values in a panel. */
  readonly values: number;
  readonly inputs: number;
  /** [inputs × outputs] Places of the weights, row-major. */
  readonly weights: Float64Array;
  /** Adjoint of the values. Null if none is wanted. */
  readonly adjoint: AdjointTarget | null;
}

export interface AdjointTarget {
  readonly offset: number;
  /** True if the adjoint holds a part already. */
  readonly accumulates: boolean;
}

/** Dense layer with a value and an adjoint in the panel. */
export interface TrainedDense {
  readonly forward: Emit;
  readonly backward: Emit;
}

/** Places the parameters of a dense layer and prepares its kernels. */
export const prepareDense = (
  emission: TrainingEmission,
  sources: readonly DenseSource[],
  layer: {
    readonly outputs: number;
    readonly bias: Float64Array;
    readonly activation: Activation;
    readonly value: number;
    readonly adjoint: number;
  },
): TrainedDense => {
  const bias = emission.parameters.vector(layer.bias);
  const parts = sources.map((source) => ({
    source,
    places: emission.parameters.dense(source.weights, source.inputs, layer.outputs),
  }));
  return {
    forward: (pass) => {
      // Without a source the outputs are those of the biases.
      const products = parts.length === 0 ? [null] : parts;
      products.forEach((part, i) => {
        const activation = i === products.length - 1 ? layer.activation : 'linear';
        writeForward(emission, pass, layer, { bias, part, begins: i === 0 ? 'bias' : 'result', activation });
      });
    },
    backward: (pass) => {
      writeSlope(emission, pass, layer);
      for (const part of parts) writeBackward(emission, pass, layer, part);
      const shared = definePullBackShared(emission);
      const count = i32.constant(padded(layer.outputs));
      pass.f.call(shared, gradient(pass, bias), quantity(pass, layer.adjoint), count, pass.panels);
    },
  };
};

interface DensePart {
  readonly source: DenseSource;
  readonly places: DensePlaces;
}

interface DenseBlocks {
  readonly outputs: number;
  readonly activation: Activation;
  readonly value: number;
  readonly adjoint: number;
}

const writeForward = (
  emission: TrainingEmission,
  pass: Pass,
  { outputs, value }: DenseBlocks,
  call: {
    readonly bias: number;
    readonly part: DensePart | null;
    readonly begins: 'bias' | 'result';
    readonly activation: Activation;
  },
): void => {
  const { part, begins, activation } = call;
  const inputs = part?.source.inputs ?? 0;
  const runs = part?.places.outputRuns ?? null;
  const kernel = defineProduct(emission, {
    terms: inputs,
    results: outputs,
    termStride: 1,
    resultStride: weightStride(inputs),
    begins,
    activation,
    trimmed: runs !== null,
  });
  pass.f.call(
    kernel,
    parameter(pass, part?.places.weights ?? 0),
    parameter(pass, call.bias),
    quantity(pass, part?.source.values ?? 0),
    quantity(pass, value),
    pass.panels,
    table(emission, runs),
  );
};

const writeBackward = (
  emission: TrainingEmission,
  pass: Pass,
  { outputs, adjoint }: DenseBlocks,
  { source, places }: DensePart,
): void => {
  const { inputs, values } = source;
  const { f, panels } = pass;
  const weights = definePullBackWeights(emission, { inputs, outputs, trimmed: places.outputRuns !== null });
  const from = quantity(pass, adjoint);
  f.call(
    weights,
    gradient(pass, places.weights),
    quantity(pass, values),
    from,
    panels,
    table(emission, places.outputRuns),
  );
  if (source.adjoint === null) return;
  const { offset, accumulates } = source.adjoint;
  const toInputs = defineProduct(emission, {
    terms: outputs,
    results: inputs,
    termStride: weightStride(inputs),
    resultStride: 1,
    begins: accumulates ? 'result' : 'zero',
    activation: 'linear',
    trimmed: places.inputRuns !== null,
  });
  f.call(
    toInputs,
    parameter(pass, places.weights),
    i32.constant(0),
    from,
    quantity(pass, offset),
    panels,
    table(emission, places.inputRuns),
  );
};

/** adjoint ← adjoint·slope(value) of the activation. */
const writeSlope = (
  emission: TrainingEmission,
  pass: Pass,
  { activation, outputs, value, adjoint }: DenseBlocks,
): void => {
  if (activation === 'linear') return;
  const kernel = defineElementWise(emission, `slope ${activation}`, 2, (f, [from, to]) => {
    if (from === undefined || to === undefined) return;
    const slope = slopeAt(activation, f.let(v128.load(from)));
    if (slope !== null) f.store(to, f32x4.mul(v128.load(to), slope));
  });
  callElementWise(pass, kernel, outputs, [value, adjoint]);
};

/** Address of a table of runs. */
const table = (emission: TrainingEmission, runs: Int32Array | null): I32 =>
  i32.constant(runs === null ? 0 : place(emission, runs));
