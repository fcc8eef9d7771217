import { FlowError } from '../flow-error.ts';
import type { Random } from '../random.ts';
import type { NumberRows, Rows } from '../rows.ts';
import { isNumberRows, rowsFor } from '../rows.ts';
import type { RowStream } from './fit-data.ts';
import type { PutRow, RowSource, SourcePosition } from './row-source.ts';

/** Constructor arguments of {@link StreamedRows}. */
export interface StreamedRowsParts {
  readonly open: RowStream;
  readonly flow: { readonly features: number; readonly context: number };
  /** Capacity of the shuffle buffer, in rows. */
  readonly capacity: number;
  /** Generator whose forks draw the order of each epoch. */
  readonly random: Random;
  readonly signal: AbortSignal | undefined;
  /** Position to start from: earlier rows of its epoch are read and skipped. */
  readonly start: SourcePosition;
}

/**
 * Rows of a stream, each once per epoch, shuffled through a buffer. The draw of a row depends only
 * on the seed, the epoch and its position in the epoch, so a checkpoint needs only (epoch, taken),
 * and chunks may have any size.
 *
 * An epoch: open → fill the buffer from chunks; take a random row from it for each row that arrives
 * → drain → next epoch.
 */
export class StreamedRows implements RowSource {
  readonly #parts: StreamedRowsParts;
  readonly #held: Held;
  #position: SourcePosition;
  #epoch: number;
  #taken = 0;
  #order: Random;
  #chunks: AsyncIterator<Rows | NumberRows> | undefined;
  #chunk: Rows | undefined;
  #chunkCount = 0;
  #nextRow = 0;
  #hasEnded = false;
  #isReading = false;

  constructor(parts: StreamedRowsParts) {
    this.#parts = parts;
    this.#position = parts.start;
    this.#epoch = parts.start.epoch;
    this.#order = parts.random.fork(`epoch ${this.#epoch}`);
    this.#held = new Held(parts.flow, parts.capacity);
  }

  get position(): SourcePosition {
    return this.#position;
  }

  async take(size: number, put: PutRow): Promise<boolean> {
    while (this.#taken < this.#position.taken && this.#epoch === this.#position.epoch) {
      if (!(await this.#fill())) return false;
      if (this.#epoch !== this.#position.epoch) throw changed(this.#position);
      this.#takeOne(() => undefined, 0);
    }
    for (let i = 0; i < size; i++) {
      if (!this.#fillFromChunk() && !(await this.#fill())) return false;
      this.#takeOne(put, i);
    }
    this.#position = { epoch: this.#epoch, taken: this.#taken };
    return true;
  }

  async close(): Promise<void> {
    const closed = this.#chunks?.return?.();
    // A generator that awaits its own source closes only when the source answers, so nothing waits
    // for it here.
    if (this.#isReading) closed?.catch(() => undefined);
    else await closed;
  }

  #takeOne(put: PutRow, to: number): void {
    this.#held.takeAt(this.#order.integer(this.#held.size), put, to);
    this.#taken += 1;
  }

  /**
   * Fills the buffer, from the next epoch if this one is exhausted. Resolves to false if training
   * was cancelled.
   */
  async #fill(): Promise<boolean> {
    while (!this.#fillFromChunk()) {
      if (this.#hasEnded) this.#beginNextEpoch();
      if (!(await this.#read())) return false;
    }
    return true;
  }

  /** Fills the buffer from the current chunk. Returns true if a row may be taken now. */
  #fillFromChunk(): boolean {
    while (this.#chunk !== undefined && this.#nextRow < this.#chunk.size && !this.#held.isFull) {
      this.#held.put(this.#chunk, this.#nextRow);
      this.#nextRow += 1;
    }
    return this.#held.isFull || (this.#hasEnded && this.#held.size > 0);
  }

  #beginNextEpoch(): void {
    if (this.#taken === 0) {
      throw new FlowError('FLOWLINE_FEATURES_INVALID', `epoch ${this.#epoch} has no rows, expected at least one`, {
        where: 'train',
        remedy: 'Give a function that opens the rows anew each time it is called.',
      });
    }
    this.#epoch += 1;
    this.#taken = 0;
    this.#order = this.#parts.random.fork(`epoch ${this.#epoch}`);
    this.#chunks = undefined;
    this.#chunkCount = 0;
    this.#hasEnded = false;
  }

  /**
   * Reads the next chunk or the end of the epoch. Resolves to false if training was cancelled
   * during the wait.
   */
  async #read(): Promise<boolean> {
    const { open, flow, signal } = this.#parts;
    this.#chunks ??= open(this.#epoch)[Symbol.asyncIterator]();
    this.#isReading = true;
    const next = await unlessAborted(this.#chunks.next(), signal);
    if (next === 'aborted') return false;
    this.#isReading = false;
    this.#hasEnded = next.done === true;
    this.#chunk = undefined;
    this.#nextRow = 0;
    if (next.done !== true && !(isNumberRows(next.value) && next.value.length === 0)) {
      this.#chunk = rowsFor(flow, next.value, `train: epoch ${this.#epoch}, chunk ${this.#chunkCount}`);
      this.#chunkCount += 1;
    }
    return true;
  }
}

/** Rows in a fixed buffer, in arbitrary order. */
class Held implements Rows {
  readonly x: Float32Array;
  readonly context: Float32Array;
  readonly #features: number;
  readonly #contextWidth: number;
  readonly #capacity: number;
  #size = 0;

  constructor({ features, context }: { readonly features: number; readonly context: number }, capacity: number) {
    this.#features = features;
    this.#contextWidth = context;
    this.#capacity = capacity;
    this.x = new Float32Array(capacity * features);
    this.context = new Float32Array(capacity * context);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size === this.#capacity;
  }

  put(rows: Rows, from: number): void {
    const [d, c] = [this.#features, this.#contextWidth];
    this.x.set(rows.x.subarray(from * d, (from + 1) * d), this.#size * d);
    if (rows.context !== undefined) this.context.set(rows.context.subarray(from * c, (from + 1) * c), this.#size * c);
    this.#size += 1;
  }

  /** Hands over a row and moves the last row into its place. */
  takeAt(at: number, put: PutRow, to: number): void {
    put(this, at, to);
    const [d, c, last] = [this.#features, this.#contextWidth, this.#size - 1];
    this.x.copyWithin(at * d, last * d, (last + 1) * d);
    this.context.copyWithin(at * c, last * c, (last + 1) * c);
    this.#size = last;
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | 'aborted'> {
  if (signal === undefined) return promise;
  let stop = (): void => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    stop = () => resolve('aborted');
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function changed({ epoch, taken }: SourcePosition): FlowError {
  return new FlowError(
    'FLOWLINE_MODEL_INCOMPATIBLE',
    `epoch ${epoch} of the training rows ended before row ${taken}, where the checkpoint was taken`,
    { where: 'resume', remedy: 'Resume on the rows that the training began with, or train again.' },
  );
}
