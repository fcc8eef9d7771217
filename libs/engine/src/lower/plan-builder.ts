import { at } from '@flowline/events';
import type { NamedVariables } from '@flowline/flows';

import { luFactors } from './lu.ts';
import { constantNetwork, withOutput } from './mlp.ts';
import { WeightReader } from './weights.ts';
import type { Weights } from './weights.ts';
import { logSoftmax } from '../plan/training-plan.ts';
import type { Base, Network, Plan, Reading, Step, Transformer } from '../plan/plan.ts';
import type { ContextualMapOptions } from '../steps/contextual.ts';

/**
 * Coupling or autoregressive map as a flow describes it, over the features in their current order.
 */
export interface TransformDescription {
  readonly conditioning: readonly number[];
  readonly transformed: readonly number[];
  readonly inputClip: number | null;
  readonly transformer: Transformer;
  readonly network: Network;
}

/**
 * Collects a flow's bijectors, in the order of forward, into a plan. Permutations only rename
 * dimensions. Affine maps stay pending per dimension until a step reads it: the step then takes the
 * pending maps of its inputs, those of its outputs are used up, and the rest at the end belong to
 * the plan.
 */
export class PlanBuilder {
  readonly features: number;
  readonly context: number;
  readonly presence: readonly (number | null)[];
  readonly #steps: Step[] = [];
  /** Current state dimension of each feature. */
  #order: Int32Array;
  /** Pending affine map per state dimension. */
  readonly #scale: Float64Array;
  readonly #shift: Float64Array;
  readonly #logScale: Float64Array;

  constructor(features: number, context: number, presence: readonly (number | null)[]) {
    this.features = features;
    this.context = context;
    this.presence = presence;
    this.#order = Int32Array.from({ length: features }, (_, i) => i);
    this.#scale = new Float64Array(features).fill(1);
    this.#shift = new Float64Array(features);
    this.#logScale = new Float64Array(features);
  }

  /** Parameters of a bijector or a base. */
  weights(variables: NamedVariables): Weights {
    return new WeightReader(variables);
  }

  /** Permutes the features: the new feature i is the current feature order[i]. */
  permute(order: readonly number[]): void {
    this.#order = Int32Array.from(order, (feature) => at(this.#order, feature));
  }

  /** x_i ← scale_i·x_i + shift_i, scale_i ≠ 0. */
  affine(scale: ArrayLike<number>, shift: ArrayLike<number>): void {
    this.#order.forEach((dimension, i) => {
      this.#scale[dimension] = at(this.#scale, dimension) * at(scale, i);
      this.#shift[dimension] = at(this.#shift, dimension) * at(scale, i) + at(shift, i);
    });
    this.#count(Float64Array.from(scale, (value) => Math.log(Math.abs(value))));
  }

  /** x_i ← e^{logScale_i}·x_i + shift_i */
  elementWise(logScale: Float64Array, shift: Float64Array): void {
    this.affine(logScale.map(Math.exp), shift);
  }

  transform({ conditioning, transformed, inputClip, transformer, network }: TransformDescription): void {
    const [reads, writes] = [this.#reading(conditioning), this.#reading(transformed)];
    this.#push(
      { type: 'transform', conditioning: reads, transformed: writes, inputClip, transformer, network },
      writes,
    );
  }

  /**
   * x ← x·W + bias over all features, W row-major. `logScale` has one entry per feature and sums to
   * log|det W|.
   */
  linear(weights: Float64Array, bias: Float64Array, logScale: Float64Array): void {
    const read = this.#reading();
    this.#push({ type: 'linear', read, weights, bias }, read);
    this.#count(logScale);
  }

  /** x ← L·U·x + shift over all features, from the factors of an LuLinear, [d × d]. */
  lu(factors: Float64Array, shift: Float64Array): void {
    const { lower, upper, product, logDiagonal } = luFactors(factors, this.features);
    if (this.presence.every((column) => column === null)) {
      this.linear(product, shift, logDiagonal);
    } else {
      // Two steps, because each factor leaves out missing features and their product cannot.
      this.linear(upper, new Float64Array(this.features), logDiagonal);
      this.linear(lower, shift, new Float64Array(this.features));
    }
  }

  /**
   * Adds a map of all features with its own parameters, which a network over the context moves, if
   * there is one.
   */
  movedContextual(options: ContextualMapOptions, own: Float64Array, moved: Network | null): void {
    const network =
      moved === null
        ? constantNetwork(own)
        : withOutput(
            moved,
            (output) => output,
            (output) => at(own, output),
          );
    this.contextual(options, network);
  }

  /** Adds a map of all features whose parameters are the outputs of a network over the context. */
  contextual(options: ContextualMapOptions, network: Network): void {
    const read = this.#reading();
    this.#push({ ...options, read, network }, read);
  }

  /** Logarithms of the weights that are proportional to e^logit. */
  normalized(logits: Float64Array): Float64Array {
    return logSoftmax(logits);
  }

  /**
   * Builds the plan over a base whose parameters, [k × d], are in the order of the latents. Without
   * a base it is the standard normal.
   */
  build(base?: Base): Plan {
    return {
      features: this.features,
      context: this.context,
      presence: this.presence,
      steps: this.#steps,
      scale: this.#scale,
      shift: this.#shift,
      logScale: this.#logScale,
      order: this.#order,
      base: this.#placed(base ?? standardNormal(this.features)),
    };
  }

  #reading(features: ArrayLike<number> = this.#order.map((_, i) => i)): Reading {
    const dimensions = Int32Array.from(features, (feature) => at(this.#order, feature));
    const waiting = (of: Float64Array): Float64Array => Float64Array.from(dimensions, (dimension) => at(of, dimension));
    return { dimensions, scale: waiting(this.#scale), shift: waiting(this.#shift) };
  }

  #push(step: Step, { dimensions }: Reading): void {
    for (const dimension of dimensions) {
      this.#scale[dimension] = 1;
      this.#shift[dimension] = 0;
    }
    this.#steps.push(step);
  }

  #count(logScale: Float64Array): void {
    this.#order.forEach((dimension, i) => {
      this.#logScale[dimension] = at(this.#logScale, dimension) + at(logScale, i);
    });
  }

  /** Base over the state dimensions, from one over the latents. */
  #placed(base: Base): Base {
    const place = (values: Float64Array): Float64Array => {
      const placed = new Float64Array(values.length);
      for (let k = 0; k < values.length; k += this.features) {
        this.#order.forEach((dimension, i) => (placed[k + dimension] = at(values, k + i)));
      }
      return placed;
    };
    return { ...base, location: place(base.location), logScale: place(base.logScale) };
  }
}

const standardNormal = (features: number): Base => ({
  type: 'normal',
  location: new Float64Array(features),
  logScale: new Float64Array(features),
});
