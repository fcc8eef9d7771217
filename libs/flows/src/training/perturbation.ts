import { at, missing } from '../at.ts';
import type { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { FitOptions } from './options.ts';
import type { BatchTarget } from './training-backend.ts';

/** Validation rows whose noise is drawn together. */
const CHUNK_ROWS = 1024;

/** Widths of a flow's rows, and the context columns that say which features are present. */
export interface PerturbedShape {
  readonly features: number;
  readonly context: number;
  readonly presence: readonly (number | null)[];
}

/** Noise and masking of rows, drawn from a generator. */
export class Perturbation {
  readonly #flow: PerturbedShape;
  readonly #options: Pick<FitOptions, 'noise' | 'masking'>;
  readonly #random: Random;

  constructor(flow: PerturbedShape, options: Pick<FitOptions, 'noise' | 'masking'>, random: Random) {
    this.#flow = flow;
    this.#options = options;
    this.#random = random;
  }

  /** Adds noise to all rows, in place, then hides features at random. */
  apply(rows: BatchTarget): void {
    this.#addNoise(rows.x);
    this.#mask(rows);
  }

  #addNoise(x: Float32Array): void {
    const { gaussian, uniform } = this.#options.noise ?? {};
    const d = this.#flow.features;
    for (let j = 0; j < d; j++) {
      const sigma = gaussian === undefined ? 0 : at(gaussian, j);
      const width = uniform === undefined ? 0 : at(uniform, j);
      if (sigma === 0 && width === 0) continue;
      for (let k = j; k < x.length; k += d) {
        let noise = 0;
        if (sigma !== 0) noise += sigma * this.#random.normal();
        if (width !== 0) noise += width * (this.#random.uniform() - 0.5);
        x[k] = (x[k] ?? missing(x, k)) + noise;
      }
    }
  }

  #mask({ x, context }: BatchTarget): void {
    const { features: d, context: c, presence } = this.#flow;
    const { features = [], probability = 0 } = this.#options.masking ?? {};
    const size = x.length / d;
    for (const feature of features) {
      const column = presence[feature];
      if (typeof column !== 'number') continue;
      for (let i = 0; i < size; i++) {
        if (this.#random.uniform() >= probability) continue;
        x[i * d + feature] = 0;
        context[i * c + column] = 0;
      }
    }
  }
}

/** Copy of validation rows with fixed noise and masking. */
export function perturbedValidation(
  rows: Rows,
  flow: PerturbedShape,
  options: Pick<FitOptions, 'noise' | 'masking'>,
  random: Random,
): Rows {
  const { features, context: width } = flow;
  const perturbation = new Perturbation(flow, options, random);
  const x = rows.x.slice();
  const context = rows.context?.slice() ?? new Float32Array();
  for (let from = 0; from < rows.size; from += CHUNK_ROWS) {
    const to = Math.min(rows.size, from + CHUNK_ROWS);
    perturbation.apply({
      x: x.subarray(from * features, to * features),
      context: context.subarray(from * width, to * width),
    });
  }
  return width === 0 ? { x, size: rows.size } : { x, context, size: rows.size };
}
