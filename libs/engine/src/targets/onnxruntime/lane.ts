import type { RowOutput } from '../onnx/rows.ts';

/** Thread that runs models, with sessions of its own. Runs are answered in order. */
export interface Lane {
  /**
   * Number of runs that it takes at a time. A thread beside the calling one has its next run
   * waiting, so that it goes on while the calling thread is busy.
   */
  readonly runsAtATime: 1 | 2;
  /** Opens a session of the model of an output. Rejects with FLOWLINE_BACKEND_UNAVAILABLE. */
  open(output: RowOutput, model: Uint8Array): Promise<void>;
  /**
   * Runs n rows, filled up to whole blocks. rows: [n × width] → results: [n × 1] or [n × features].
   * Rejects with FLOWLINE_BACKEND_UNAVAILABLE.
   */
  run(output: RowOutput, rows: Float32Array, n: number, results: Float32Array | Float64Array): Promise<void>;
  /** Ends the lane, which must be idle. */
  close(): void;
}
