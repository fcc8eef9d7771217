import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { FlowlineError } from '@flowline/events';

import { KernelScorer } from './kernel-scorer.ts';
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
import type { Plan } from '../plan.ts';
import type { Scorer } from '../scorer.ts';

/** How many threads score. */
export interface WasmPoolOptions {
  /** All threads together, the calling one among them (default: what the process may use). */
  readonly threads?: number;
}

/** Shared rows and results of one job, at most. */
const JOB_BYTES = 4 * 1024 * 1024;
/** Fewer rows than this are scored before another thread has woken up. */
const SMALLEST_JOB_ROWS = 3 * BLOCK_ROWS;
/** How long a worker looks for the next job before it sleeps: waking it takes about as long. */
const WORKER_SPIN_MS = 0.05;
/** How long the main thread looks for the last block before it sleeps. */
const MAIN_SPIN_MS = 0.1;
/** A worker that holds a block for longer has died. */
const PATIENCE_MS = 30_000;
const READY_MS = 10_000;

/**
 * Compiles a plan to WebAssembly and scores with it on several threads, the calling one among them. Results are those of
 * one thread, bit for bit. Rejects with FLOWLINE_BACKEND_UNAVAILABLE when the threads do not start.
 */
export const createWasmPoolScorer = async (plan: Plan, options: WasmPoolOptions = {}): Promise<Scorer> => {
  const program = new WasmProgram(plan);
  const threads = options.threads ?? availableParallelism();
  const pool = new WasmPool(program, Math.max(0, threads - 1));
  await pool.ready();
  const run =
    (output: KernelOutput) =>
    (rows: Float32Array, n: number, results: Float32Array | Float64Array): undefined => {
      pool.run(output, rows, n, results);
    };
  return new KernelScorer({
    name: 'wasm-pool',
    shape: plan,
    score: run('score'),
    latent: run('latent'),
    gradient: run('gradient'),
    dispose: () => {
      pool.dispose();
    },
  });
};

/** The threads of one plan: starting → ready → (broken) → disposed. */
class WasmPool {
  readonly #program: WasmProgram;
  readonly #main: WasmThread;
  readonly #workers: readonly Worker[];
  readonly #shared: PoolWorkerData;
  readonly #capacity: number;
  #job = 0;
  #hasGradient = false;
  #broken: FlowlineError | null = null;

  constructor(program: WasmProgram, workers: number) {
    const { features, context } = program.plan;
    const rowWidth = features + context;
    const fitting = Math.floor(JOB_BYTES / (4 * (rowWidth + features + 1)) / BLOCK_ROWS) * BLOCK_ROWS;
    this.#program = program;
    this.#main = new WasmThread(program);
    this.#capacity = Math.max(SMALLEST_JOB_ROWS, Math.min(JOB_ROWS, fitting));
    this.#shared = {
      control: new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS)),
      rows: new Float32Array(new SharedArrayBuffer(4 * this.#capacity * rowWidth)),
      scores: new Float32Array(new SharedArrayBuffer(4 * this.#capacity)),
      vectors: new Float32Array(new SharedArrayBuffer(4 * this.#capacity * features)),
      rowWidth,
      features,
      spinMs: WORKER_SPIN_MS,
    };
    this.#workers = Array.from(
      { length: workers },
      () => new Worker(poolWorkerSource, { eval: true, workerData: this.#shared, name: 'flowline-score' }),
    );
    for (const worker of this.#workers) worker.postMessage({ kind: 'score', ...program.score });
  }

  /** Resolves when every worker has its kernel. */
  async ready(): Promise<void> {
    try {
      await Promise.all(this.#workers.map(started));
    } catch (cause) {
      this.dispose();
      throw unavailable('a scoring thread did not start', cause);
    }
    for (const worker of this.#workers) {
      worker.on('error', (cause) => {
        this.#broken = unavailable('a scoring thread has died', cause);
      });
      worker.unref();
    }
  }

  /** Computes an output of n rows on all threads; returns when it is there. */
  run(output: KernelOutput, rows: Float32Array, n: number, results: Float32Array | Float64Array): void {
    if (this.#broken !== null) throw this.#broken;
    if (n < SMALLEST_JOB_ROWS || this.#workers.length === 0) {
      this.#main.run(output, rows, 0, n, results, 0);
      return;
    }
    if (output === 'gradient' && !this.#hasGradient) {
      for (const worker of this.#workers) worker.postMessage({ kind: 'gradient', ...this.#program.gradient });
      this.#hasGradient = true;
    }
    const { rowWidth, features, scores, vectors } = this.#shared;
    const [shared, each] = output === 'score' ? [scores, 1] : [vectors, features];
    for (let first = 0; first < n; first += this.#capacity) {
      const count = Math.min(this.#capacity, n - first);
      this.#shared.rows.set(rows.subarray(first * rowWidth, (first + count) * rowWidth));
      this.#runJob(output, count, shared);
      results.set(shared.subarray(0, count * each), first * each);
    }
  }

  dispose(): void {
    this.#broken ??= unavailable('the scorer has been disposed');
    Atomics.store(this.#shared.control, Control.job, STOP);
    Atomics.notify(this.#shared.control, Control.job);
    for (const worker of this.#workers) void worker.terminate();
  }

  #runJob(output: KernelOutput, n: number, shared: Float32Array): void {
    const { control, rows } = this.#shared;
    const blocks = Math.ceil(n / BLOCK_ROWS);
    this.#job = (this.#job % LAST_JOB) + 1;
    // The last job's ticket goes first: a thread that is late with that job must not judge it by this one's rows.
    Atomics.store(control, Control.ticket, (this.#job << BLOCK_BITS) | NO_BLOCK);
    Atomics.store(control, Control.rows, n);
    Atomics.store(control, Control.output, outputs.indexOf(output));
    Atomics.store(control, Control.done, 0);
    Atomics.store(control, Control.ticket, this.#job << BLOCK_BITS);
    Atomics.store(control, Control.job, this.#job);
    Atomics.notify(control, Control.job);
    for (let block = this.#takeBlock(blocks); block >= 0; block = this.#takeBlock(blocks)) {
      const first = block * BLOCK_ROWS;
      this.#main.run(output, rows, first, Math.min(BLOCK_ROWS, n - first), shared, first);
      Atomics.add(control, Control.done, 1);
    }
    this.#awaitBlocks(blocks);
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

  /** Waits for the blocks that workers hold: first awake, then asleep, so that a worker can have this core. */
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
    const timer = setTimeout(() => reject(new Error(`no answer for ${READY_MS} ms`)), READY_MS);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      worker.removeAllListeners();
      then();
    };
    worker.once('message', () => settle(resolve));
    worker.once('error', (error) => settle(() => reject(error)));
    worker.once('exit', (code) => settle(() => reject(new Error(`it ended with code ${code}`))));
  });

const unavailable = (message: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', message, {
    where: 'wasm-pool',
    remedy: "Make a new scorer, or choose the backend 'wasm', which needs no threads.",
    ...(cause === undefined ? {} : { cause }),
  });
