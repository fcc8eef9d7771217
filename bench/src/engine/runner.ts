/** A scorer of batches, ready and checked. */
export interface Runner {
  readonly engine: string;
  readonly threads: number;
  /** Events per second of calls with `batch` rows, over a window of `milliseconds`. */
  rate(batch: number, milliseconds: number): Promise<number>;
  dispose(): void | Promise<void>;
}
