import { at } from '../at.ts';
import type { AffineCouplingStep, Network, Plan, ScaleFunction, Step } from '../plan.ts';

/** A coupling as a flow describes it, over the features in the order in which they arrive. */
export interface CouplingDescription {
  readonly conditioning: readonly number[];
  readonly transformed: readonly number[];
  readonly inputClip: number | null;
  readonly scale: ScaleFunction;
  readonly network: Network;
}

/**
 * Collects a flow's bijectors, in the order of forward, into a plan. Permutations only rename dimensions. Affine maps wait
 * per dimension until something reads it: a coupling takes those of what it reads along with it, those of what it
 * transforms are used up, and what is left at the end belongs to the plan.
 */
export class PlanBuilder {
  readonly #features: number;
  readonly #context: number;
  readonly #presence: readonly (number | null)[];
  readonly #steps: Step[] = [];
  /** Which state dimension each feature is by now. */
  #order: Int32Array;
  /** Per state dimension, the affine map that waits. */
  readonly #scale: Float64Array;
  readonly #shift: Float64Array;
  readonly #logScale: Float64Array;

  constructor(features: number, context: number, presence: readonly (number | null)[]) {
    this.#features = features;
    this.#context = context;
    this.#presence = presence;
    this.#order = Int32Array.from({ length: features }, (_, i) => i);
    this.#scale = new Float64Array(features).fill(1);
    this.#shift = new Float64Array(features);
    this.#logScale = new Float64Array(features);
  }

  /** The next z_i is the present feature order[i]. */
  permute(order: readonly number[]): void {
    this.#order = Int32Array.from(order, (feature) => at(this.#order, feature));
  }

  /** x_i ← scale_i·x_i + shift_i, scale_i ≠ 0. */
  affine(scale: ArrayLike<number>, shift: ArrayLike<number>): void {
    this.#order.forEach((dimension, i) => {
      this.#scale[dimension] = at(this.#scale, dimension) * at(scale, i);
      this.#shift[dimension] = at(this.#shift, dimension) * at(scale, i) + at(shift, i);
      this.#logScale[dimension] = at(this.#logScale, dimension) + Math.log(Math.abs(at(scale, i)));
    });
  }

  affineCoupling(description: CouplingDescription): void {
    const dimensions = (features: readonly number[]): Int32Array =>
      Int32Array.from(features, (feature) => at(this.#order, feature));
    const waiting = (of: Float64Array, indices: Int32Array): Float64Array =>
      Float64Array.from(indices, (dimension) => at(of, dimension));
    const conditioning = dimensions(description.conditioning);
    const transformed = dimensions(description.transformed);
    const step: AffineCouplingStep = {
      type: 'affineCoupling',
      conditioning,
      transformed,
      conditioningScale: waiting(this.#scale, conditioning),
      conditioningShift: waiting(this.#shift, conditioning),
      transformedScale: waiting(this.#scale, transformed),
      transformedShift: waiting(this.#shift, transformed),
      inputClip: description.inputClip,
      scale: description.scale,
      network: description.network,
    };
    for (const dimension of transformed) {
      this.#scale[dimension] = 1;
      this.#shift[dimension] = 0;
    }
    this.#steps.push(step);
  }

  build(): Plan {
    return {
      features: this.#features,
      context: this.#context,
      presence: this.#presence,
      steps: this.#steps,
      scale: this.#scale,
      shift: this.#shift,
      logScale: this.#logScale,
      order: this.#order,
    };
  }
}
