import { at } from '@flowline/events';

import { prepareDense } from './dense.ts';
import type { DenseSource, TrainedDense } from './dense.ts';
import { callElementWise, defineElementWise } from './element-wise.ts';
import type { TrainingEmission } from './emission.ts';
import type { Emit } from './pass.ts';
import { activate, slopeAt } from '../activation.ts';
import { f32x4, v128 } from '../assembly/expression.ts';
import type { I32, V128 } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { sourcesOf, valueWidths } from '../../../plan/plan.ts';
import type { DenseLayer, Layer, Network } from '../../../plan/plan.ts';

/** Network over panels, with its pull-back to the parameters and the conditioning inputs. */
export interface TrainedNetwork {
  /** Offset of the conditioning inputs in a panel. */
  readonly input: number;
  /** Offset of their adjoints. Null if nothing depends on them. */
  readonly inputAdjoint: number | null;
  /** Offsets of the output values and of their adjoints. */
  readonly outputs: readonly number[];
  readonly outputAdjoints: readonly number[];
  readonly forward: Emit;
  readonly backward: Emit;
}

/** Blocks for adjoints by width, which all networks of a plan share. */
export class AdjointBlocks {
  readonly #emission: TrainingEmission;
  readonly #blocks = new Map<number, number[]>();

  constructor(emission: TrainingEmission) {
    this.#emission = emission;
  }

  /** Function that hands out the blocks for one network, each once. */
  forNetwork(): (width: number) => number {
    const taken = new Map<number, number>();
    return (width) => {
      const known = this.#blocks.get(width) ?? [];
      this.#blocks.set(width, known);
      const nth = taken.get(width) ?? 0;
      taken.set(width, nth + 1);
      const block = known.at(nth) ?? this.#emission.panel.allocate(width);
      known[nth] = block;
      return block;
    };
  }
}

/** Values of a network in a panel, under construction. */
interface Values {
  readonly network: Network;
  /** Number of conditioning inputs; the other inputs are the context. */
  readonly conditioning: number;
  readonly context: number;
  readonly widths: readonly number[];
  readonly values: readonly number[];
  readonly adjoints: readonly number[];
  /** Values whose adjoint holds something already, from the output backwards. */
  readonly written: Set<number>;
}

/**
 * Places the parameters of a network and prepares its kernels. `context` is the offset of the
 * squashed context.
 */
export const prepareNetwork = (
  emission: TrainingEmission,
  network: Network,
  conditioning: number,
  context: number,
  blocks: AdjointBlocks,
): TrainedNetwork => {
  const widths = valueWidths(network).with(0, conditioning);
  const adjoint = blocks.forNetwork();
  const values = widths.map((width) => emission.panel.allocate(width));
  const adjoints = widths.map(adjoint);
  const state: Values = {
    network,
    conditioning,
    context,
    widths,
    values,
    adjoints,
    written: new Set(network.outputs),
  };
  const layers: TrainedDense[] = [];
  for (let value = network.layers.length; value > 0; value--) layers.unshift(prepareLayer(emission, state, value));
  return {
    input: at(values, 0),
    inputAdjoint: state.written.has(0) ? at(adjoints, 0) : null,
    outputs: network.outputs.map((value) => at(values, value)),
    outputAdjoints: network.outputs.map((value) => at(adjoints, value)),
    forward: (pass) => layers.forEach(({ forward }) => forward(pass)),
    backward: (pass) => layers.toReversed().forEach(({ backward }) => backward(pass)),
  };
};

const prepareLayer = (emission: TrainingEmission, state: Values, value: number): TrainedDense => {
  const layer = at(state.network.layers, value - 1);
  if (layer.type === 'dense' && layer.isFixed !== true) return prepareDenseLayer(emission, state, layer, value);
  return prepareElementWise(emission, state, layer, value);
};

const prepareDenseLayer = (
  emission: TrainingEmission,
  state: Values,
  layer: DenseLayer,
  value: number,
): TrainedDense => {
  const { conditioning, context, widths, values, adjoints } = state;
  const { source, outputs, weights } = layer;
  const ownSource = (inputs: number): DenseSource => ({
    values: at(values, source),
    inputs,
    weights: weights.subarray(0, inputs * outputs),
    adjoint: { offset: at(adjoints, source), accumulates: state.written.has(source) },
  });
  const sources =
    source > 0
      ? [ownSource(at(widths, source))]
      : [
          ownSource(conditioning),
          {
            values: context,
            inputs: layer.inputs - conditioning,
            weights: weights.subarray(conditioning * outputs),
            adjoint: null,
          },
        ];
  const live = sources.filter((each) => each.weights.some((place) => place > 0));
  if (live.some(({ adjoint }) => adjoint !== null)) state.written.add(source);
  const { bias, activation } = layer;
  return prepareDense(emission, live, {
    outputs,
    bias,
    activation,
    value: at(values, value),
    adjoint: at(adjoints, value),
  });
};

/** Activations, sums, and the selection of the conditioning inputs. */
const prepareElementWise = (emission: TrainingEmission, state: Values, layer: Layer, value: number): TrainedDense => {
  const { values, adjoints, widths } = state;
  const width = at(widths, value);
  const sources = sourcesOf(layer);
  const targets = sources.map((source) => {
    const target = { to: at(adjoints, source), accumulates: state.written.has(source) };
    state.written.add(source);
    return target;
  });
  return {
    forward: (pass) => {
      const from = sources.map((source) => at(values, source));
      callElementWise(pass, defineOperation(emission, layer), width, [...from, at(values, value)]);
    },
    backward: (pass) => {
      for (const { to, accumulates } of targets) {
        const kernel = definePullBack(emission, layer, accumulates);
        callElementWise(pass, kernel, width, [at(adjoints, value), at(values, value), to]);
      }
    },
  };
};

const defineOperation = (emission: TrainingEmission, layer: Layer): FunctionReference => {
  const load = (address: I32 | undefined): V128 => {
    if (address === undefined) throw new RangeError('an operand is missing');
    return v128.load(address);
  };
  if (layer.type === 'sum') {
    return defineElementWise(emission, 'sum', 3, (f, [a, b, to]) => {
      if (to !== undefined) f.store(to, f32x4.add(load(a), load(b)));
    });
  }
  const { activation } = layer;
  return defineElementWise(emission, `activation ${activation}`, 2, (f, [from, to]) => {
    if (to !== undefined) f.store(to, activate(f, emission.math, activation, f.let(load(from))));
  });
};

/** to ← [to +] adjoint·slope(value) */
const definePullBack = (emission: TrainingEmission, layer: Layer, accumulates: boolean): FunctionReference => {
  const activation = layer.type === 'sum' ? 'linear' : layer.activation;
  const body = (f: FunctionBuilder, [adjoint, value, to]: readonly I32[]): void => {
    if (adjoint === undefined || value === undefined || to === undefined) return;
    const slope = slopeAt(activation, f.let(v128.load(value)));
    const own = slope === null ? v128.load(adjoint) : f32x4.mul(v128.load(adjoint), slope);
    f.store(to, accumulates ? f32x4.add(v128.load(to), own) : own);
  };
  return defineElementWise(emission, `pullBack ${activation} ${accumulates}`, 3, body);
};
