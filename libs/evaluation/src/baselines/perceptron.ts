import { at, missing } from '@flowline/events';
import type { Random } from '@flowline/flows';

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** Dense layer with its gradient and the moments of Adam. */
class Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;

  constructor(inputs: number, outputs: number, random: Random) {
    [this.inputs, this.outputs] = [inputs, outputs];
    const size = (inputs + 1) * outputs;
    const bound = 1 / Math.sqrt(inputs);
    this.weights = Float64Array.from({ length: size }, () => (2 * random.uniform() - 1) * bound);
    this.gradient = new Float64Array(size);
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
  }

  forward(x: Float64Array): Float64Array {
    const { inputs, outputs, weights } = this;
    const y = new Float64Array(outputs);
    for (let o = 0; o < outputs; o++) {
      const start = o * (inputs + 1);
      let sum = weights[start + inputs] ?? missing(weights, start);
      for (let i = 0; i < inputs; i++) sum += (weights[start + i] ?? missing(weights, i)) * (x[i] ?? missing(x, i));
      y[o] = sum;
    }
    return y;
  }

  /** Adds to the gradient, and returns that of the input. */
  backward(x: Float64Array, gradient: Float64Array): Float64Array {
    const { inputs, outputs, weights } = this;
    const ofInput = new Float64Array(inputs);
    for (let o = 0; o < outputs; o++) {
      const g = gradient[o] ?? missing(gradient, o);
      if (g === 0) continue;
      const start = o * (inputs + 1);
      for (let i = 0; i < inputs; i++) {
        this.gradient[start + i] = (this.gradient[start + i] ?? missing(weights, i)) + g * (x[i] ?? missing(x, i));
        ofInput[i] = (ofInput[i] ?? missing(ofInput, i)) + g * (weights[start + i] ?? missing(weights, i));
      }
      this.gradient[start + inputs] = at(this.gradient, start + inputs) + g;
    }
    return ofInput;
  }

  /** A step of Adam (Kingma and Ba, 2015). */
  step(rate: number, step: number): void {
    const scale = (rate * Math.sqrt(1 - BETA2 ** step)) / (1 - BETA1 ** step);
    for (let i = 0; i < this.gradient.length; i++) {
      const g = at(this.gradient, i);
      const first = BETA1 * at(this.#first, i) + (1 - BETA1) * g;
      const second = BETA2 * at(this.#second, i) + (1 - BETA2) * g * g;
      this.#first[i] = first;
      this.#second[i] = second;
      this.weights[i] = at(this.weights, i) - (scale * first) / (Math.sqrt(second) + EPSILON);
    }
    this.gradient.fill(0);
  }
}

/** Multi-layer perceptron with ReLU, trained by Adam on squared errors. */
export class Perceptron {
  readonly #layers: readonly Layer[];
  #steps = 0;

  /** widths: of the input, the hidden layers and the output. */
  constructor(widths: readonly number[], random: Random) {
    this.#layers = widths.slice(1).map((outputs, i) => new Layer(at(widths, i), outputs, random));
  }

  forward(x: Float64Array): Float64Array {
    return this.#layers.reduce((input, layer, i) => this.#activated(layer.forward(input), i), x);
  }

  /** One step on a batch of inputs and targets. */
  train(batch: readonly (readonly [input: Float64Array, target: Float64Array])[], rate: number): void {
    for (const [input, target] of batch) {
      const inputs: Float64Array[] = [input];
      for (const [i, layer] of this.#layers.entries()) {
        inputs.push(this.#activated(layer.forward(at(inputs, i)), i));
      }
      let gradient: Float64Array = at(inputs, this.#layers.length).map(
        (y, j) => (2 * (y - at(target, j))) / batch.length,
      );
      for (let i = this.#layers.length - 1; i >= 0; i--) {
        const ofInput = at(this.#layers, i).backward(at(inputs, i), gradient);
        const activated = at(inputs, i);
        gradient = i === 0 ? ofInput : ofInput.map((g, j) => (at(activated, j) > 0 ? g : 0));
      }
    }
    this.#steps++;
    for (const layer of this.#layers) layer.step(rate, this.#steps);
  }

  #activated(y: Float64Array, layer: number): Float64Array {
    return layer === this.#layers.length - 1 ? y : y.map((value) => Math.max(0, value));
  }
}
