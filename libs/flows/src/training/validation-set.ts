import * as tf from '@tensorflow/tfjs-core';

import type { Flow } from '../flow.ts';
import type { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { Batch } from './batch.ts';
import { BatchMaker, disposeBatch } from './batch.ts';
import type { ResolvedFitOptions } from './options.ts';
import { meanNll, winsorisedNll } from './robust.ts';

/** Rows whose noise is drawn together. */
const CHUNK_ROWS = 1024;
/** Rows that are scored between two turns of the event loop. */
const ROWS_AT_ONCE = 256;

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
    }).flatMap(inPieces);
  }

  /**
   * Mean negative log-likelihood under the current flow, winsorised in robust training. Gives the
   * event loop turns.
   */
  async nll(): Promise<number> {
    const logP = new Float32Array(this.#batches.reduce((sum, { x }) => sum + x.shape[0], 0));
    let at = 0;
    for (const { x, context } of this.#batches) {
      if (at > 0) await tf.nextFrame();
      logP.set(
        tf.tidy(() => this.#flow.uncheckedLogProb(x, context).dataSync()),
        at,
      );
      at += x.shape[0];
    }
    return this.#robust ? winsorisedNll(logP) : meanNll(logP);
  }

  dispose(): void {
    this.#batches.forEach(disposeBatch);
  }
}

/** Cuts a batch into pieces, and frees it. */
function inPieces(batch: Batch): Batch[] {
  const { x, context } = batch;
  const piecesOf = (rows: tf.Tensor2D): tf.Tensor2D[] => {
    const [size, width] = rows.shape;
    return Array.from({ length: Math.ceil(size / ROWS_AT_ONCE) }, (_, i) =>
      tf.slice(rows, [i * ROWS_AT_ONCE, 0], [Math.min(ROWS_AT_ONCE, size - i * ROWS_AT_ONCE), width]),
    );
  };
  const contexts = context === undefined ? [] : piecesOf(context);
  const pieces = piecesOf(x).map((piece, i) => {
    const own = contexts[i];
    return own === undefined ? { x: piece } : { x: piece, context: own };
  });
  disposeBatch(batch);
  return pieces;
}
