import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { FlowlineError, turn } from '@flowline/events';

import { KernelScorer } from '../../kernel-scorer.ts';
import {
  BLOCK_BITS,
  BLOCK_ROWS,
  CONTROL_WORDS,
  Control,
  JOB_ROWS,
  NO_BLOCK,
  STOP,
  outputs,
  poolWorkerSource,
} from './pool-protocol.ts';
import type { PoolWorkerData } from './pool-protocol.ts';
import type { KernelOutput } from './wasm-kernel.ts';
import { WasmProgram, WasmThread } from './wasm.ts';
import type { Plan } from '../../../plan/plan.ts';
import type { Scorer } from '../../../scorer.ts';

/** Threads of the pool. */
export interface WasmPoolOptions {
  /** Number of scoring threads (default: what the process may use). */
  readonly threads?: number;
  /**
   * True if the calling thread is not one of them, because it goes on with other work meanwhile
   * (default false).
   */
  readonly offThread?: boolean;
}

/** Maximum size of the shared rows and results of one job. */
const JOB_BYTES = 4 * 1024 * 1024;
/** Below this size a job is done before another thread has woken up. */
const SMALLEST_JOB_ROWS = 3 * BLOCK_ROWS;
/**
 * Time for which a worker spins for the next job before it sleeps. Waking it takes about as long.
 */
const WORKER_SPIN_MS = 0.05;
/** Time for which the main thread spins for the last block before it sleeps. */
const MAIN_SPIN_MS = 0.1;
/** A worker that holds a block for longer than this has died. */
const PATIENCE_MS = 30_000;
const READY_MS = 30_000;
/**
 * A worker needs neither the loaders nor the environment of this thread, and starts sooner without
 * them.
 */
const WORKER = { eval: true, execArgv: [], env: {}, name: 'flowline-score' };

/**
 * Compiles a plan to WebAssembly and scores with it on several threads. The calling thread is one
 * of them unless it has other work; even then it answers calls of less than a hundred rows itself,
 * since waking a thread would take longer. Results equal those of one thread, bit for bit. Rejects
 * with FLOWLINE_BACKEND_UNAVAILABLE if the threads do not start.
 */
export const createWasmPoolScorer = async (plan: Plan, options: WasmPoolOptions = {}): Promise<Scorer> => {
  const { threads = availableParallelism(), offThread = false } = options;
  // Starting threads takes as long as writing kernels, so both run at once.
  const crew = startCrew(plan, offThread ? Math.max(1, threads) : Math.max(0, threads - 1));
  const pool = await WasmPool.start(plan, crew);
  const run =
    (output: KernelOutput) =>
    (rows: Float32Array, n: number, results: Float32Array | Float64Array): Promise<void> | undefined => {
      if (offThread && n >= SMALLEST_JOB_ROWS) return pool.runBeside(output, rows, n, results);
      pool.run(output, rows, n, results);
      return undefined;
    };
  return new KernelScorer({
    name: 'wasm-pool',
    shape: plan,
    score: run('score'),
    latent: run('latent'),
    gradient: async (rows, n, gradients) => {
      await pool.prepareGradient();
      await run('gradient')(rows, n, gradients);
    },
    dispose: () => {
      pool.dispose();
    },
  });
};

/** Threads that wait for their first kernel, with their shared memory. */
interface Crew {
  readonly workers: readonly Worker[];
  /** Resolves when every thread has its kernel. */
  readonly ready: Promise<unknown>;
  readonly shared: PoolWorkerData;
  /** Maximum rows per job. */
  readonly capacity: number;
}

const startCrew = ({ features, context }: Plan, count: number): Crew => {
  const rowWidth = features + context;
  const fitting = Math.floor(JOB_BYTES / (4 * (rowWidth + features + 1)) / BLOCK_ROWS) * BLOCK_ROWS;
  const capacity = Math.max(SMALLEST_JOB_ROWS, Math.min(JOB_ROWS, fitting));
  const shared: PoolWorkerData = {
    control: new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS)),
    rows: new Float32Array(new SharedArrayBuffer(4 * capacity * rowWidth)),
    scores: new Float32Array(new SharedArrayBuffer(4 * capacity)),
    vectors: new Float32Array(new SharedArrayBuffer(4 * capacity * features)),
    rowWidth,
    features,
    spinMs: WORKER_SPIN_MS,
  };
  const workers = Array.from({ length: count }, () => new Worker(poolWorkerSource, { ...WORKER, workerData: shared }));
  const ready = Promise.all(workers.map(started));
  ready.catch(() => undefined); // awaited once the kernel exists
  return { workers, ready, shared, capacity };
};

/** Threads of one plan: ready → (broken) → disposed. */
class WasmPool {
  readonly #program: WasmProgram;
  readonly #main: WasmThread;
  readonly #workers: readonly Worker[];
  readonly #shared: PoolWorkerData;
  readonly #capacity: number;
  #job = 0;
  #hasGradient = false;
  #broken: FlowlineError | null = null;
  /** Job that is awaited without blocking. */
  #awaited: { readonly job: number; readonly done: () => void; readonly fail: (error: FlowlineError) => void } | null =
    null;

  /** Sends the kernels to the threads of a crew. If that fails, the threads are terminated. */
  static async start(plan: Plan, crew: Crew): Promise<WasmPool> {
    try {
      const program = await WasmProgram.of(plan);
      for (const worker of crew.workers) worker.postMessage({ kind: 'score', ...program.score });
      Atomics.store(crew.shared.control, Control.kernel, 1);
      Atomics.notify(crew.shared.control, Control.kernel);
      await turn();
      const main = new WasmThread(program);
      await crew.ready.catch((cause: unknown) => {
        throw unavailable('a scoring thread did not start', cause);
      });
      return new WasmPool(program, main, crew);
    } catch (error) {
      for (const worker of crew.workers) void worker.terminate();
      throw error;
    }
  }

  private constructor(program: WasmProgram, main: WasmThread, { workers, shared, capacity }: Crew) {
    this.#program = program;
    this.#main = main;
    this.#workers = workers;
    this.#shared = shared;
    this.#capacity = capacity;
    for (const worker of workers) {
      worker.on('error', (cause) => this.#break(unavailable('a scoring thread has died', cause)));
      worker.on('exit', () => this.#break(unavailable('a scoring thread has ended')));
      worker.on('message', (job: number) => {
        if (this.#awaited?.job === job) this.#awaited.done();
      });
      worker.unref();
    }
  }

  /** Computes an output of n rows on all threads. Returns when it is done. */
  run(output: KernelOutput, rows: Float32Array, n: number, results: Float32Array | Float64Array): void {
    if (this.#broken !== null) throw this.#broken;
    if (n < SMALLEST_JOB_ROWS || this.#workers.length === 0) {
      this.#main.run(output, rows, 0, n, results, 0);
      return;
    }
    for (let first = 0; first < n; first += this.#capacity) {
      const count = this.#writeRows(rows, first, n);
      const blocks = this.#startJob(output, count, false);
      for (let block = this.#takeBlock(blocks); block >= 0; block = this.#takeBlock(blocks)) {
        const from = block * BLOCK_ROWS;
        this.#main.run(
          output,
          this.#shared.rows,
          from,
          Math.min(BLOCK_ROWS, count - from),
          this.#resultsOf(output),
          from,
        );
        Atomics.add(this.#shared.control, Control.done, 1);
      }
      this.#awaitBlocks(blocks);
      this.#readResults(output, count, results, first);
    }
  }

  /**
   * Computes an output of n rows on the other threads. This thread is free until the promise
   * resolves.
   */
  async runBeside(
    output: KernelOutput,
    rows: Float32Array,
    n: number,
    results: Float32Array | Float64Array,
  ): Promise<void> {
    for (let first = 0; first < n; first += this.#capacity) {
      if (this.#broken !== null) throw this.#broken;
      const count = this.#writeRows(rows, first, n);
      await this.#jobBeside(output, count);
      this.#readResults(output, count, results, first);
    }
  }

  /** Gives every thread the gradient kernel. Must have resolved before the first gradient run. */
  async prepareGradient(): Promise<void> {
    if (this.#hasGradient) return;
    const kernel = await this.#program.gradient();
    await this.#main.prepareGradient();
    for (const worker of this.#workers) worker.postMessage({ kind: 'gradient', ...kernel });
    this.#hasGradient = true;
  }

  dispose(): void {
    this.#break(unavailable('the scorer has been disposed'));
    Atomics.store(this.#shared.control, Control.job, STOP);
    Atomics.notify(this.#shared.control, Control.job);
    for (const worker of this.#workers) void worker.terminate();
  }

  #break(error: FlowlineError): void {
    this.#broken ??= error;
    this.#awaited?.fail(this.#broken);
  }

  /** Writes the rows of the next job, and returns their number. */
  #writeRows(rows: Float32Array, first: number, n: number): number {
    const count = Math.min(this.#capacity, n - first);
    const { rowWidth } = this.#shared;
    this.#shared.rows.set(rows.subarray(first * rowWidth, (first + count) * rowWidth));
    return count;
  }

  #readResults(output: KernelOutput, count: number, results: Float32Array | Float64Array, first: number): void {
    const each = output === 'score' ? 1 : this.#shared.features;
    results.set(this.#resultsOf(output).subarray(0, count * each), first * each);
  }

  #resultsOf(output: KernelOutput): Float32Array {
    return output === 'score' ? this.#shared.scores : this.#shared.vectors;
  }

  /** Publishes a job, and returns its number of blocks. */
  #startJob(output: KernelOutput, n: number, postsMessage: boolean): number {
    const { control } = this.#shared;
    this.#job = (this.#job % LAST_JOB) + 1;
    // Withdraw the last ticket first: a thread that is still at the last job must not judge it by
    // the rows of this one.
    Atomics.store(control, Control.ticket, (this.#job << BLOCK_BITS) | NO_BLOCK);
    Atomics.store(control, Control.rows, n);
    Atomics.store(control, Control.output, outputs.indexOf(output));
    Atomics.store(control, Control.postsMessage, postsMessage ? 1 : 0);
    Atomics.store(control, Control.done, 0);
    Atomics.store(control, Control.ticket, this.#job << BLOCK_BITS);
    Atomics.store(control, Control.job, this.#job);
    Atomics.notify(control, Control.job);
    return Math.ceil(n / BLOCK_ROWS);
  }

  #jobBeside(output: KernelOutput, n: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (then: () => void): void => {
        this.#awaited = null;
        for (const worker of this.#workers) worker.unref();
        then();
      };
      // A running job keeps the process alive; idle threads do not.
      for (const worker of this.#workers) worker.ref();
      this.#startJob(output, n, true);
      this.#awaited = {
        job: this.#job,
        done: () => settle(resolve),
        fail: (error) => settle(() => reject(error)),
      };
    });
  }

  #takeBlock(blocks: number): number {
    const { control } = this.#shared;
    for (;;) {
      const ticket = Atomics.load(control, Control.ticket);
      const block = ticket & NO_BLOCK;
      if (block >= blocks) return -1;
      if (Atomics.compareExchange(control, Control.ticket, ticket, ticket + 1) === ticket) return block;
    }
  }

  /**
   * Waits for the blocks that workers hold: first spinning, then asleep, so that a worker can use
   * this core.
   */
  #awaitBlocks(blocks: number): void {
    const { control } = this.#shared;
    const start = performance.now();
    for (;;) {
      const done = Atomics.load(control, Control.done);
      if (done === blocks) return;
      const waited = performance.now() - start;
      if (waited < MAIN_SPIN_MS) continue;
      if (waited > PATIENCE_MS) {
        this.#broken = unavailable('a scoring thread does not answer');
        throw this.#broken;
      }
      Atomics.wait(control, Control.done, done, PATIENCE_MS);
    }
  }
}

const LAST_JOB = 2 ** (31 - BLOCK_BITS) - 2;

const started = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    const onMessage = (): void => settle(resolve);
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number): void => settle(() => reject(new Error(`it ended with code ${code}`)));
    // Removed one by one: a Worker without its internal listeners delivers no messages.
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    const timer = setTimeout(() => settle(() => reject(new Error(`no answer for ${READY_MS} ms`))), READY_MS);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });

const unavailable = (message: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', message, {
    where: 'wasm-pool',
    remedy: "Make a new scorer, or choose the backend 'wasm', which needs no threads.",
    ...(cause === undefined ? {} : { cause }),
  });
