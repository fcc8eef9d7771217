/*
 * Work sharing between the threads of a pool. The main thread writes rows into shared memory,
 * withdraws the ticket of the last job, describes the new job, publishes a ticket (job number and
 * block 0) and sets the job number. Every thread, the main one included, takes the next block by
 * advancing the ticket with a compare-and-exchange, until no block is left. A late thread finds
 * another job's number on the ticket and leaves it alone. The thread that scores a row cannot
 * change its result: all run the same code, each on its own memory. If the main thread must not
 * score, it takes no block, and the thread that finishes the last one sends it the job number.
 */

/** Word indices of the shared control block. */
export const Control = { job: 0, ticket: 1, done: 2, rows: 3, output: 4, postsMessage: 5, kernel: 6 } as const;
export const CONTROL_WORDS = 16;

/** Value of `Control.job` that ends the pool. */
export const STOP = -1;

/** Rows per block: one tile. */
export const BLOCK_ROWS = 32;
/** Number of low bits of a ticket that hold the block. The other bits hold the job. */
export const BLOCK_BITS = 10;
/** Block number of a ticket with no blocks left, for any job: all low bits set. */
export const NO_BLOCK = (1 << BLOCK_BITS) - 1;
/** Maximum rows per job. */
export const JOB_ROWS = BLOCK_ROWS * NO_BLOCK;

/**
 * Kernel outputs; `Control.output` is an index into this list. `Control.postsMessage` is 1 if the
 * main thread waits for a message. `Control.kernel` is 1 once the first kernel has been sent.
 */
export const outputs = ['score', 'latent', 'gradient'] as const;

/** Data that a worker starts with. */
export interface PoolWorkerData {
  readonly control: Int32Array;
  readonly rows: Float32Array;
  readonly scores: Float32Array;
  readonly vectors: Float32Array;
  readonly rowWidth: number;
  readonly features: number;
  /** Time for which a worker spins for the next job before it sleeps, in milliseconds. */
  readonly spinMs: number;
}

/**
 * Source of a worker, as text. A file would have to be TypeScript in a clone and JavaScript in a
 * release, and a thread does not inherit the loader that makes the difference. Kernels arrive
 * through the port, before the first job that needs them.
 */
export const poolWorkerSource = `
'use strict';
const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads');
const { control, rows, scores, vectors, rowWidth, features, spinMs } = workerData;
const kernels = new Map();
const outputs = ${JSON.stringify(outputs)};

const kernelFor = (output) => {
  const name = output === 'gradient' ? 'gradient' : 'score';
  while (!kernels.has(name)) {
    const { module, layout, kind } = receiveMessageOnPort(parentPort).message;
    const { exports } = new WebAssembly.Instance(module);
    const view = (address, length) => new Float32Array(exports.memory.buffer, address, length);
    kernels.set(kind, {
      exports,
      rows: view(layout.rowsAddress, ${BLOCK_ROWS} * rowWidth),
      scores: view(layout.scoresAddress, ${BLOCK_ROWS}),
      vectors: view(layout.vectorsAddress, ${BLOCK_ROWS} * features),
    });
  }
  return kernels.get(name);
};

const takeBlock = (job, blocks) => {
  for (;;) {
    const ticket = Atomics.load(control, ${Control.ticket});
    const block = ticket & ${NO_BLOCK};
    if (ticket - block !== job << ${BLOCK_BITS} || block >= blocks) return -1;
    if (Atomics.compareExchange(control, ${Control.ticket}, ticket, ticket + 1) === ticket) return block;
  }
};

const work = (job) => {
  const n = Atomics.load(control, ${Control.rows});
  const output = outputs[Atomics.load(control, ${Control.output})];
  const blocks = Math.ceil(n / ${BLOCK_ROWS});
  for (let block = takeBlock(job, blocks); block >= 0; block = takeBlock(job, blocks)) {
    const kernel = kernelFor(output);
    const first = block * ${BLOCK_ROWS};
    const count = Math.min(${BLOCK_ROWS}, n - first);
    kernel.rows.set(rows.subarray(first * rowWidth, (first + count) * rowWidth));
    kernel.exports[output](count);
    if (output === 'score') scores.set(kernel.scores.subarray(0, count), first);
    else vectors.set(kernel.vectors.subarray(0, count * features), first * features);
    const done = Atomics.add(control, ${Control.done}, 1) + 1;
    if (Atomics.load(control, ${Control.postsMessage}) === 0) Atomics.notify(control, ${Control.done});
    else if (done === blocks) parentPort.postMessage(job);
  }
};

const nextJob = (seen) => {
  const until = performance.now() + spinMs;
  while (Atomics.load(control, ${Control.job}) === seen && performance.now() < until);
  while (Atomics.load(control, ${Control.job}) === seen) Atomics.wait(control, ${Control.job}, seen);
  return Atomics.load(control, ${Control.job});
};

Atomics.wait(control, ${Control.kernel}, 0);
kernelFor('score');
parentPort.postMessage('ready');
for (let job = nextJob(0); job !== ${STOP}; job = nextJob(job)) work(job);
parentPort.close();
`;
