import { Worker } from 'node:worker_threads';

import { at, FlowlineError } from '@flowline/events';

import { JobKind, RESULT_NUMBERS, TRAINING_CONTROL_WORDS, TrainingControl } from './training-protocol.ts';
import type { TrainingMessage, TrainingWorkerData } from './training-protocol.ts';
import { trainingWorkerSource } from './training-worker.ts';

/** Threads of a training, which work on one job at a time. */
export class TrainingCrew {
  readonly #workers: readonly Worker[];
  readonly #control: Int32Array;
  readonly #results: Float64Array;
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;
  #isIdle = true;
  #broken: FlowlineError | null = null;

  /** Starts the threads. Rejects with FLOWLINE_BACKEND_UNAVAILABLE if one does not start. */
  static async start(
    data: Omit<TrainingWorkerData, 'index' | 'control' | 'results'>,
    mostSteps: number,
  ): Promise<TrainingCrew> {
    const control = new Int32Array(new SharedArrayBuffer(4 * TRAINING_CONTROL_WORDS));
    const results = new Float64Array(new SharedArrayBuffer(8 * RESULT_NUMBERS * mostSteps));
    const workers = Array.from({ length: data.threads }, (_, index) => {
      const workerData: TrainingWorkerData = { ...data, index, control, results };
      return new Worker(trainingWorkerSource, {
        eval: true,
        execArgv: [],
        env: {},
        name: 'flowline-train',
        workerData,
      });
    });
    try {
      await Promise.all(workers.map(ready));
    } catch (cause) {
      for (const worker of workers) void worker.terminate();
      throw broken('a training thread did not start', cause);
    }
    return new TrainingCrew(workers, control, results);
  }

  private constructor(workers: readonly Worker[], control: Int32Array, results: Float64Array) {
    this.#workers = workers;
    this.#control = control;
    this.#results = results;
    for (const worker of workers) {
      worker.on('error', (cause) => {
        this.#fail(broken('a training thread failed', cause));
      });
      worker.on('exit', () => {
        this.#fail(broken('a training thread ended', null));
      });
    }
    at(workers, 0).on('message', (message: TrainingMessage) => {
      if (message === 'idle') this.#isIdle = true;
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.resolve();
    });
  }

  /** Number of steps that Adam has taken. */
  get adamSteps(): number {
    return this.#load('adamSteps');
  }

  set adamSteps(count: number) {
    this.#store('adamSteps', count);
  }

  /** Number of steps done in the current job. */
  get done(): number {
    return this.#load('done');
  }

  /** Numbers of a step of the job: nll, gradient norm, kept rows, 1 if it was taken. */
  result(step: number): Float64Array {
    return this.#results.subarray(RESULT_NUMBERS * step, RESULT_NUMBERS * (step + 1));
  }

  /** Begins a job of steps. Batches are put by {@link put}. */
  beginSteps(first: number, count: number): void {
    this.#begin(JobKind.steps, first, count);
  }

  /** Says how many batches of the job are in the ring or done. */
  put(batches: number): void {
    this.#store('put', batches);
    this.#wake();
  }

  /** Begins no further step of the job. */
  cancel(): void {
    this.#store('cancelled', 1);
    this.#wake();
  }

  /** Resolves once that many steps of the job are done, or the job has ended. */
  async untilDone(steps: number): Promise<void> {
    while (!this.#isIdle && this.done < steps) {
      this.#store('wanted', steps);
      if (this.done >= steps) return;
      await this.#message();
    }
    this.#check();
  }

  /** Resolves once the job has ended. */
  async untilIdle(): Promise<void> {
    while (!this.#isIdle) await this.#message();
    this.#check();
  }

  /** Computes log p of the rows in the first batch of the ring. */
  async logProb(rows: number, averaged: boolean): Promise<void> {
    this.#begin(averaged ? JobKind.averagedLogProb : JobKind.currentLogProb, 0, rows);
    await this.untilIdle();
  }

  /** Ends the threads. */
  async dispose(): Promise<void> {
    this.#broken ??= broken('the training is over', null);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #begin(kind: number, first: number, count: number): void {
    this.#check();
    this.#isIdle = false;
    for (const [name, value] of Object.entries({
      kind,
      first,
      count,
      put: 0,
      done: 0,
      wanted: 0,
      cancelled: 0,
      turn: 0,
    })) {
      this.#store(name as keyof typeof TrainingControl, value);
    }
    Atomics.add(this.#control, TrainingControl.job, 1);
    Atomics.notify(this.#control, TrainingControl.job);
  }

  /** Wakes the leader, which may wait for a batch. */
  #wake(): void {
    Atomics.add(this.#control, TrainingControl.news, 1);
    Atomics.notify(this.#control, TrainingControl.news);
  }

  #message(): Promise<void> {
    this.#check();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #fail(error: FlowlineError): void {
    this.#broken ??= error;
    this.#isIdle = true;
    this.#waiting?.reject(this.#broken);
    this.#waiting = null;
  }

  #check(): void {
    if (this.#broken !== null) throw this.#broken;
  }

  #load(word: keyof typeof TrainingControl): number {
    return Atomics.load(this.#control, TrainingControl[word]);
  }

  #store(word: keyof typeof TrainingControl, value: number): void {
    Atomics.store(this.#control, TrainingControl[word], value);
  }
}

/** Resolves when a thread says that it is ready. */
const ready = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.once('message', () => {
      resolve();
    });
    // Stays, so that an error before the crew exists ends no process.
    worker.on('error', reject);
    worker.once('exit', () => {
      reject(new Error('it ended'));
    });
  });

const broken = (reason: string, cause: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', reason, {
    where: 'compiled training',
    remedy:
      'Train again; if it fails again, train with fit of @flowline/flows (in a detector, compute.training: wasm).',
    cause,
  });
