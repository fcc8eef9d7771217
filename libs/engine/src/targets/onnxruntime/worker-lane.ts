import { Worker } from 'node:worker_threads';

import type { FlowlineError } from '@flowline/events';

import { inBlocks } from './chunks.ts';
import type { Lane } from './lane.ts';
import { sessionOptions } from './onnxruntime-api.ts';
import { cannotRun, doesNotLoad } from './onnxruntime-package.ts';
import type { OnnxRuntimePackage } from './onnxruntime-package.ts';
import { laneWorkerSource } from './worker-protocol.ts';
import type { LaneAnswer, LaneRequest, LaneWorkerData } from './worker-protocol.ts';
import type { RowOutput } from '../onnx/rows.ts';

/**
 * A worker needs neither the loaders nor the environment of this thread, and starts sooner without
 * them.
 */
const WORKER = { eval: true, execArgv: [], env: {}, name: 'flowline-onnxruntime' };

/** Request that waits for its answer. */
interface Waiting {
  readonly resolve: (result: Float32Array | null) => void;
  readonly reject: (error: FlowlineError) => void;
}

/** {@link Lane} on a thread of its own. */
export class WorkerLane implements Lane {
  readonly runsAtATime = 2;
  readonly #worker: Worker;
  /** Requests without an answer, oldest first. */
  readonly #waiting: Waiting[] = [];
  #broken: FlowlineError | null = null;

  /**
   * Starts a thread that loads the package. Rejects with FLOWLINE_BACKEND_UNAVAILABLE if it does
   * not load.
   */
  static async start(installed: OnnxRuntimePackage): Promise<WorkerLane> {
    const workerData: LaneWorkerData = { path: installed.path, sessionOptions };
    const worker = new Worker(laneWorkerSource, { ...WORKER, workerData });
    await started(worker, installed);
    return new WorkerLane(worker);
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.unref();
    worker.on('message', (answer: LaneAnswer) => this.#answer(answer));
    worker.on('error', (error) => this.#break(cannotRun(error)));
    worker.on('exit', (code) => this.#break(cannotRun(new Error(`its thread ended with code ${code}`))));
  }

  async open(output: RowOutput, model: Uint8Array): Promise<void> {
    await this.#ask({ task: 'open', output, model });
  }

  async run(output: RowOutput, rows: Float32Array, n: number, results: Float32Array | Float64Array): Promise<void> {
    const own = new Float32Array((rows.length / n) * inBlocks(n));
    own.set(rows);
    const found = await this.#ask({ task: 'run', output, rows: own, n: inBlocks(n) }, [own.buffer]);
    if (found === null) throw cannotRun(new Error('there is no result'));
    results.set(found.subarray(0, results.length));
  }

  close(): void {
    if (this.#broken === null) this.#worker.postMessage({ task: 'close' } satisfies LaneRequest);
  }

  #ask(request: LaneRequest, transfer: readonly ArrayBuffer[] = []): Promise<Float32Array | null> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) {
        reject(this.#broken);
        return;
      }
      // A request keeps the process alive; an idle thread does not.
      this.#worker.ref();
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  #answer(answer: LaneAnswer): void {
    const asked = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker.unref();
    if (asked === undefined) return;
    if ('error' in answer) asked.reject(cannotRun(new Error(answer.error)));
    else asked.resolve(answer.result);
  }

  #break(error: FlowlineError): void {
    this.#broken ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#broken);
  }
}

/** Resolves with the first message of a worker. */
const started = (worker: Worker, installed: OnnxRuntimePackage): Promise<void> =>
  new Promise((resolve, reject) => {
    const onMessage = (): void => settle(resolve);
    const onError = (error: Error): void => settle(() => reject(doesNotLoad(installed, error)));
    const onExit = (code: number): void => onError(new Error(`its thread ended with code ${code}`));
    // Removed one by one: a Worker without its internal listeners delivers no messages.
    const settle = (then: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
