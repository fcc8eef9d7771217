import type { sessionOptions } from './onnxruntime-api.ts';
import type { RowOutput } from '../onnx/rows.ts';

/** Data that a worker starts with. */
export interface LaneWorkerData {
  /** Path of onnxruntime-node. */
  readonly path: string;
  readonly sessionOptions: typeof sessionOptions;
}

/** Request to a worker. */
export type LaneRequest =
  | { readonly task: 'open'; readonly output: RowOutput; readonly model: Uint8Array }
  | { readonly task: 'run'; readonly output: RowOutput; readonly rows: Float32Array; readonly n: number }
  | { readonly task: 'close' };

/** Answer of a worker to the oldest request. */
export type LaneAnswer = { readonly result: Float32Array | null } | { readonly error: string };

/**
 * Source of a worker, as text, for the reasons of the pool's (wasm/runtime/pool-protocol.ts). It
 * sends one message once it has loaded the package, which ends it with an error if that fails, and
 * then answers requests one by one, in order.
 */
export const laneWorkerSource = `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { InferenceSession, Tensor } = require(workerData.path);
const sessions = new Map();

const tasks = {
  open: async ({ output, model }) => {
    sessions.set(output, await InferenceSession.create(model, workerData.sessionOptions));
    return null;
  },
  run: async ({ output, rows, n }) => {
    const results = await sessions.get(output).run({ rows: new Tensor('float32', rows, [n, rows.length / n]) });
    return results[output].data;
  },
  close: async () => {
    for (const session of sessions.values()) await session.release();
    parentPort.close();
    return null;
  },
};

let last = Promise.resolve();
parentPort.on('message', (request) => {
  last = last
    .then(() => tasks[request.task](request))
    .then((result) => ({ result }), (error) => ({ error: String(error && error.message || error) }))
    .then((answer) => parentPort.postMessage(answer));
});
parentPort.postMessage('ready');
`;
