/** Something that scores a batch, ready and checked. */
export interface Runner {
  readonly engine: string;
  readonly threads: number;
  /** Events per second of calls with so many rows, over a window of so long. */
  rate(batch: number, milliseconds: number): Promise<number>;
  dispose(): void | Promise<void>;
}
