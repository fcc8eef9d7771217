import { at } from '@flowline/events';

/** Options of an {@link Optimizer}, as in `FitOptions` of libs/flows. */
export interface OptimizerOptions {
  /** Maximum Euclidean norm of the gradient. */
  readonly clipNorm: number;
  /** Decoupled weight decay, per unit of learning rate. */
  readonly weightDecay: number;
  /** β of the moving average of the parameters. 0: no averaging. */
  readonly averaging: number;
}

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * AdamW with clipping and a moving average of the parameters, in float64: the optimizer of `fit` in
 * libs/flows. Every target that trains is tested against it.
 */
export class Optimizer {
  /** [parameters] */
  readonly values: Float64Array;
  /** [parameters] moving average of the values; the values themselves without averaging. */
  readonly averaged: Float64Array;
  /** [parameters] running means of the gradient and of its square, without bias correction. */
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly #decay: Uint8Array;
  readonly #options: OptimizerOptions;
  #steps = 0;
  #taken = 0;

  /** `decay` is 1 where weight decay applies. */
  constructor(values: ArrayLike<number>, decay: Uint8Array, options: OptimizerOptions) {
    this.values = Float64Array.from(values);
    this.averaged = options.averaging === 0 ? this.values : this.values.slice();
    this.first = new Float64Array(values.length);
    this.second = new Float64Array(values.length);
    this.#decay = decay;
    this.#options = options;
  }

  /**
   * Takes one step, and returns the norm of the gradient before clipping. A step whose loss or
   * gradient is not finite changes nothing.
   */
  step(loss: number, gradient: Float64Array, learningRate: number): number {
    const norm = Math.sqrt(gradient.reduce((sum, slope) => sum + slope * slope, 0));
    if (Number.isFinite(loss) && Number.isFinite(norm)) {
      this.#move(gradient, norm > this.#options.clipNorm ? this.#options.clipNorm / norm : 1, learningRate);
      if (this.#options.averaging > 0) this.#average();
    }
    this.#steps++;
    return norm;
  }

  #move(gradient: Float64Array, scale: number, learningRate: number): void {
    this.#taken++;
    const { values, first, second } = this;
    const corrections = [BETA_1, BETA_2].map((beta) => 1 - beta ** this.#taken);
    gradient.forEach((slope, i) => {
      const g = slope * scale;
      first[i] = BETA_1 * at(first, i) + (1 - BETA_1) * g;
      second[i] = BETA_2 * at(second, i) + (1 - BETA_2) * g * g;
      const mean = at(first, i) / at(corrections, 0);
      const deviation = Math.sqrt(at(second, i) / at(corrections, 1));
      const shrink = this.#options.weightDecay * at(this.#decay, i) * at(values, i);
      values[i] = at(values, i) - learningRate * (shrink + mean / (deviation + EPSILON));
    });
  }

  #average(): void {
    const kept = Math.min(this.#options.averaging, (1 + this.#steps) / (10 + this.#steps));
    this.values.forEach((value, i) => {
      this.averaged[i] = kept * at(this.averaged, i) + (1 - kept) * value;
    });
  }
}
