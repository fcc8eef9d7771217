import { at, atOnce, type Steps } from '@flowline/events';
import type { Flow, NamedVariables, Parameter } from '@flowline/flows';

import { lowerBase } from './base.ts';
import { lowerBijector } from './bijectors.ts';
import { PlanBuilder } from './plan-builder.ts';
import type { Weights } from './weights.ts';
import type { Layer, Network } from '../plan/plan.ts';
import type { TrainingPlan } from '../plan/training-plan.ts';
import type { ContextualMapOptions } from '../steps/contextual.ts';

/**
 * Lowers the structure of a flow for training. Check with `whyNotLowered` first that every part of
 * it has a lowering.
 */
export const lowerTraining = (flow: Flow): TrainingPlan => atOnce(trainingLowering(flow));

/** {@link lowerTraining} in parts. */
export function* trainingLowering(flow: Flow): Steps<TrainingPlan> {
  const first = new Map<Parameter, number>();
  let parameters = 0;
  for (const parameter of flow.variables.values()) {
    first.set(parameter, parameters);
    parameters += parameter.size;
  }
  const decay = new Uint8Array(parameters);
  for (const [{ size, decay: decays }, start] of first) decay.fill(decays ? 1 : 0, start, start + size);
  const builder = new TrainingPlanBuilder(flow, first);
  yield* lowerBijector(flow.bijector, builder);
  return { places: builder.build(lowerBase(flow.base, builder)), parameters, decay };
}

/**
 * Collects bijectors into a plan of places. Nothing is folded: affine maps are steps of their own,
 * and linear maps are two, one per factor.
 */
class TrainingPlanBuilder extends PlanBuilder {
  readonly #first: ReadonlyMap<Parameter, number>;

  constructor({ features, context, presence }: Flow, first: ReadonlyMap<Parameter, number>) {
    super(features, context, presence);
    this.#first = first;
  }

  override weights(variables: NamedVariables): Weights {
    return new PlaceReader(variables, this.#first);
  }

  override elementWise(logScale: Float64Array, shift: Float64Array): void {
    this.transform({
      conditioning: [],
      transformed: this.#all(),
      inputClip: null,
      transformer: { type: 'affine', scale: { kind: 'none', bound: null } },
      network: sideBySide(this.context, [this.#constant(logScale), this.#constant(shift)]),
    });
  }

  /**
   * Both factors are autoregressive maps v_j ← e^{s_j}·u_j + t_j, with t a linear network over the
   * entries beside the diagonal. s is log(softplus + 10⁻³) of the raw diagonal of U, and 0 for L.
   */
  override lu(factors: Float64Array, shift: Float64Array): void {
    const none = new Float64Array(this.features);
    const raw = Float64Array.from(shift, (_, i) => at(factors, i * this.features + i));
    this.#factor(
      'softplus',
      raw,
      this.#beside(factors, (row, column) => row < column),
      none,
    );
    this.#factor(
      'none',
      none,
      this.#beside(factors, (row, column) => row > column),
      shift,
    );
  }

  /** A network and the map's own parameters are summed, because training moves both. */
  override movedContextual(options: ContextualMapOptions, own: Float64Array, moved: Network | null): void {
    const constant = this.#constant(own);
    if (moved === null) {
      this.contextual(options, sideBySide(this.context, [constant]));
      return;
    }
    const layers = [...moved.layers, constant];
    const sum: Layer = { type: 'sum', sources: [at(moved.outputs, 0), layers.length] };
    this.contextual(options, { inputs: moved.inputs, layers: [...layers, sum], outputs: [layers.length + 1] });
  }

  /** The places of the logits themselves. */
  override normalized(logits: Float64Array): Float64Array {
    return logits;
  }

  #all(): readonly number[] {
    return Array.from({ length: this.features }, (_, i) => i);
  }

  #factor(kind: 'softplus' | 'none', diagonal: Float64Array, weights: Float64Array, bias: Float64Array): void {
    const d = this.features;
    const inputs = d + this.context;
    const kernel = new Float64Array(inputs * d);
    kernel.set(weights);
    const linear = {
      type: 'dense',
      source: 0,
      inputs,
      outputs: d,
      weights: kernel,
      bias,
      activation: 'linear',
    } as const;
    this.transform({
      conditioning: this.#all(),
      transformed: this.#all(),
      inputClip: null,
      transformer: { type: 'affine', scale: { kind, bound: null } },
      network: sideBySide(inputs, [this.#constant(diagonal, inputs), linear]),
    });
  }

  /** Entries of a factor that `holds` selects, transposed, so that row i belongs to input i. */
  #beside(factors: Float64Array, holds: (row: number, column: number) => boolean): Float64Array {
    const d = this.features;
    return Float64Array.from({ length: d * d }, (_, i) => {
      const [input, output] = [Math.floor(i / d), i % d];
      return holds(output, input) ? at(factors, output * d + input) : 0;
    });
  }

  /** Layer whose outputs are its biases. */
  #constant(bias: Float64Array, inputs = this.context): Layer {
    const weights = new Float64Array(inputs * bias.length);
    return { type: 'dense', source: 0, inputs, outputs: bias.length, weights, bias, activation: 'linear' };
  }
}

const sideBySide = (inputs: number, layers: readonly Layer[]): Network => ({
  inputs,
  layers,
  outputs: layers.map((_, i) => i + 1),
});

/** Reads places instead of values. */
class PlaceReader implements Weights {
  readonly #variables: NamedVariables;
  readonly #first: ReadonlyMap<Parameter, number>;
  readonly #prefix: string;

  constructor(variables: NamedVariables, first: ReadonlyMap<Parameter, number>, prefix = '') {
    this.#variables = variables;
    this.#first = first;
    this.#prefix = prefix;
  }

  part(name: string): Weights {
    return new PlaceReader(this.#variables, this.#first, `${this.#prefix}${name}/`);
  }

  read(name: string, size: number): Float64Array {
    const parameter = this.#variables.get(this.#prefix + name);
    const start = parameter === undefined ? undefined : this.#first.get(parameter);
    if (parameter?.size !== size || start === undefined) {
      throw new RangeError(`the flow has no parameter ${this.#prefix}${name} of ${size} values`);
    }
    return Float64Array.from({ length: size }, (_, i) => start + i + 1);
  }
}
