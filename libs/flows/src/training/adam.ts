import { missing } from '../at.ts';

/** Constants of Adam: decay rates of the running means of g and g², and ε beside their root. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
const { beta1: BETA_1, beta2: BETA_2, epsilon: EPSILON } = ADAM;
const { sqrt } = Math; // cached: the loop below runs over every parameter at every step

/**
 * Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019) over one
 * flat parameter vector, in plain JavaScript. One pass over the vector costs less than one
 * dispatched op per parameter and gives the same result on every backend.
 */
export class Adam implements AdamState {
  /** Running means of the gradient and of its square, without bias correction. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  #count: number;

  /** Starts from zero moments, or from the state of a checkpoint. */
  constructor(size: number, at?: AdamState) {
    this.first = at?.first.slice() ?? new Float32Array(size);
    this.second = at?.second.slice() ?? new Float32Array(size);
    this.#count = at?.count ?? 0;
  }

  /** Number of steps taken. */
  get count(): number {
    return this.#count;
  }

  /**
   * Moves `values` by one step. `scale` multiplies the gradient (norm clipping); `decay` is 1 where
   * weight decay applies and 0 elsewhere.
   */
  step(
    values: Float32Array,
    gradient: Float32Array,
    scale: number,
    learningRate: number,
    weightDecay: number,
    decay: Uint8Array,
  ): void {
    this.#count += 1;
    const firstRate = learningRate / (1 - BETA_1 ** this.#count);
    const secondCorrection = 1 / (1 - BETA_2 ** this.#count);
    const shrink = learningRate * weightDecay;
    const { first, second } = this;
    for (let i = 0; i < values.length; i++) {
      const g = (gradient[i] ?? missing(gradient, i)) * scale;
      const m = BETA_1 * (first[i] ?? missing(first, i)) + (1 - BETA_1) * g;
      const v = BETA_2 * (second[i] ?? missing(second, i)) + (1 - BETA_2) * g * g;
      first[i] = m;
      second[i] = v;
      const value = values[i] ?? missing(values, i);
      const shrunk = value * shrink * (decay[i] ?? missing(decay, i));
      values[i] = value - shrunk - (firstRate * m) / (sqrt(v * secondCorrection) + EPSILON);
    }
  }
}

/** State that Adam needs to continue. */
export interface AdamState {
  /** Running mean of the gradient, without bias correction. */
  readonly first: Float32Array;
  /** Running mean of the squared gradient, without bias correction. */
  readonly second: Float32Array;
  /** Number of steps taken. */
  readonly count: number;
}
