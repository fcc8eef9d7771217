import { missing } from '../at.ts';
import type { Random, RandomState } from '../random.ts';
import type { RowShape } from '../rows.ts';
import type { PutRow, RowSource, SourcePosition } from './row-source.ts';
import type { BatchTarget, NextBatch } from './training-backend.ts';

/** Place in the sequence of batches, from which they can be drawn again. */
export interface FeedPosition {
  /** Generator of batches, noise and masking. */
  readonly random: RandomState;
  readonly position: SourcePosition;
}

/** Parts of a {@link BatchFeed}. */
export interface BatchFeedParts {
  readonly source: RowSource;
  readonly random: Random;
  readonly flow: RowShape;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Training batches, and the position before each: a session may draw batches ahead of its steps,
 * but a checkpoint continues after the steps.
 */
export class BatchFeed {
  readonly #parts: BatchFeedParts;
  #first = 0;
  /** Positions before the batches since step `#first`. */
  #before: FeedPosition[] = [];

  constructor(parts: BatchFeedParts) {
    this.#parts = parts;
  }

  /** Batches of the steps `first` … `first + count − 1`. */
  batches(first: number, count: number): NextBatch {
    const { batchSize } = this.#parts;
    this.#first = first;
    this.#before = [];
    return async (target) => {
      if (this.#before.length === count) throw new RangeError(`a batch beyond the ${count} of these steps`);
      this.#before.push(this.#position());
      return this.take(batchSize, target);
    };
  }

  /** Position after all steps before this one: it is among the last steps of {@link batches}. */
  positionAt(step: number): FeedPosition {
    return this.#before.at(step - this.#first) ?? this.#position();
  }

  /** Puts `size` rows into the target. Resolves to false if training was cancelled. */
  async take(size: number, target: BatchTarget): Promise<boolean> {
    const { source, flow, signal } = this.#parts;
    const put = into(target, size, flow);
    return signal?.aborted === true ? false : source.take(size, put);
  }

  close(): Promise<void> {
    return this.#parts.source.close();
  }

  #position(): FeedPosition {
    return { random: this.#parts.random.state(), position: this.#parts.source.position };
  }
}

/** Copies rows into the target. Throws RangeError for one of another size. */
function into(target: BatchTarget, size: number, { features: d, context: c }: RowShape): PutRow {
  const { x: toX, context: toContext } = target;
  if (toX.length !== size * d || toContext.length !== size * c) {
    throw new RangeError(`a batch target of ${toX.length} and ${toContext.length} values for ${size} × ${d} and ${c}`);
  }
  return ({ x, context }, from, to) => {
    for (let j = 0; j < d; j++) toX[to * d + j] = x[from * d + j] ?? missing(x, from * d + j);
    if (context === undefined) return;
    for (let j = 0; j < c; j++) toContext[to * c + j] = context[from * c + j] ?? missing(context, from * c + j);
  };
}
