import { FlowlineError } from '@flowline/events';

import { checkRows, settleScores, settleVectors } from '../row-shape.ts';
import type { RowShape } from '../row-shape.ts';
import type { Scorer } from '../scorer.ts';

/** Kernels of a backend that works on float32 arrays. Rows and results hold exactly n rows. */
export interface RowKernels {
  readonly name: string;
  readonly shape: RowShape;
  score(rows: Float32Array, n: number, scores: Float64Array): Promise<void> | undefined;
  latent(rows: Float32Array, n: number, latents: Float32Array): Promise<void> | undefined;
  gradient(rows: Float32Array, n: number, gradients: Float32Array): Promise<void> | undefined;
  dispose(): void;
}

/**
 * {@link Scorer} over kernels: checks arguments, keeps calls in order, and settles rows that are
 * not finite.
 */
export class KernelScorer implements Scorer {
  readonly name: string;
  readonly #kernels: RowKernels;
  /**
   * Last call still running. Null if there is none, so that fast kernels answer without waiting.
   */
  #last: Promise<void> | null = null;
  #disposed = false;

  constructor(kernels: RowKernels) {
    this.name = kernels.name;
    this.#kernels = kernels;
  }

  async score(rows: Float32Array, n: number): Promise<Float64Array> {
    this.#check(rows, n);
    const scores = new Float64Array(n);
    while (this.#last !== null) await this.#last.catch(ignored);
    const running = this.#kernels.score(rows, n, scores);
    if (running !== undefined) await this.#finished(running);
    settleScores(this.#kernels.shape, rows, n, scores);
    return scores;
  }

  latent(rows: Float32Array, n: number): Promise<Float32Array> {
    return this.#vectors(rows, n, 'latent');
  }

  gradient(rows: Float32Array, n: number): Promise<Float32Array> {
    return this.#vectors(rows, n, 'gradient');
  }

  dispose(): void {
    this.#disposed = true;
    const release = (): void => this.#kernels.dispose();
    if (this.#last === null) release();
    else void this.#last.then(release, release);
  }

  #check(rows: Float32Array, n: number): void {
    if (this.#disposed) throw disposedError(this.name);
    checkRows(this.#kernels.shape, rows, n);
  }

  async #vectors(rows: Float32Array, n: number, kernel: 'latent' | 'gradient'): Promise<Float32Array> {
    this.#check(rows, n);
    const vectors = new Float32Array(n * this.#kernels.shape.features);
    while (this.#last !== null) await this.#last.catch(ignored);
    const running = this.#kernels[kernel](rows, n, vectors);
    if (running !== undefined) await this.#finished(running);
    settleVectors(this.#kernels.shape, rows, n, vectors);
    return vectors;
  }

  /** Resolves with a call, which the next one waits for. */
  #finished(running: Promise<void>): Promise<void> {
    const done = running.finally(() => {
      this.#last = null;
    });
    this.#last = done;
    return done;
  }
}

/** Whoever made a call gets its error; the next one only waits for it. */
const ignored = (): void => undefined;

/** Error of a call after dispose. */
const disposedError = (name: string): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', `the ${name} scorer has been disposed`, {
    where: 'Scorer',
    remedy: 'Finish the calls before dispose.',
  });
