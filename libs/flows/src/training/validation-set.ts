import * as tf from '@tensorflow/tfjs-core';

import type { Flow } from '../flow.ts';
import type { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { Batch } from './batch.ts';
import { BatchMaker, disposeBatch } from './batch.ts';
import type { ResolvedFitOptions } from './options.ts';
import { meanNll, winsorisedNll } from './robust.ts';

/** Rows per chunk: wide enough for the kernels, small enough for memory. */
const CHUNK_ROWS = 1024;

/** Validation rows as tensors, with fixed noise and masking. */
export class ValidationSet {
  readonly #flow: Flow;
  readonly #batches: readonly Batch[];
  readonly #robust: boolean;

  constructor(flow: Flow, rows: Rows, options: ResolvedFitOptions, random: Random) {
    this.#flow = flow;
    this.#robust = options.robust;
    const maker = new BatchMaker(flow, CHUNK_ROWS, options, random);
    this.#batches = Array.from({ length: Math.ceil(rows.size / CHUNK_ROWS) }, (_, i) => {
      const from = i * CHUNK_ROWS;
      const size = Math.min(rows.size - from, CHUNK_ROWS);
      for (let row = 0; row < size; row++) maker.put(rows, from + row, row);
      return maker.finish(size);
    });
  }

  /** Mean negative log-likelihood under the current flow, winsorised in robust training. */
  nll(): number {
    const parts = this.#batches.map(({ x, context }) =>
      tf.tidy(() => this.#flow.uncheckedLogProb(x, context).dataSync()),
    );
    const logP = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      logP.set(part, at);
      at += part.length;
    }
    return this.#robust ? winsorisedNll(logP) : meanNll(logP);
  }

  dispose(): void {
    this.#batches.forEach(disposeBatch);
  }
}
