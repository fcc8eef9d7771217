import { createRequire } from 'node:module';
import path from 'node:path';

import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from './flow-error.ts';
import { registerGradients } from './gradients/register.ts';
import { withoutProcessHandlers } from './process-handlers.ts';

/**
 * A tensor backend: `wasm` (SIMD, the default) or `cpu` (plain JavaScript, tens of times slower).
 */
export type BackendName = 'wasm' | 'cpu';
const BACKENDS: readonly string[] = ['wasm', 'cpu'] satisfies BackendName[];

/**
 * The start in progress, which settles but never rejects: tfjs can start only one backend at a
 * time.
 */
let underWay: Promise<unknown> = Promise.resolve();

/**
 * Makes a backend the current one. Every process that uses flows needs this once. There is no
 * fallback to another backend: if this one cannot run here, the promise rejects with
 * FLOWLINE_BACKEND_UNAVAILABLE. Repeated calls are harmless, even while a start is in progress:
 * starts run one after another, each promise settles when its own start is done, and the backend
 * requested last ends up current.
 *
 * ```ts
 * await initBackend('wasm');
 * ```
 */
export function initBackend(name: BackendName = 'wasm'): Promise<void> {
  const started = underWay.then(() => start(name));
  underWay = started.catch(() => undefined);
  return started;
}

async function start(name: BackendName): Promise<void> {
  if (!BACKENDS.includes(name)) {
    throw new FlowError('FLOWLINE_USAGE', `found ${name as string}, expected 'wasm' or 'cpu'`, {
      where: 'initBackend',
    });
  }
  registerGradients();
  if (isStarted(name)) return;
  await load(name).catch((cause: unknown) => {
    throw unavailable(name, cause);
  });
  if (name === 'cpu') tf.enableProdMode(); // the cpu backend was requested: suppress the banner that recommends another one
  if (name === 'wasm' && !('WebAssembly' in globalThis)) throw unavailable(name);
  const before = tf.getBackend();
  try {
    if (await withoutProcessHandlers(() => tf.setBackend(name))) return;
  } catch (cause) {
    await restore(before);
    throw unavailable(name, cause);
  }
  await restore(before);
  throw unavailable(name);
}

/** Loads the code of a backend, which takes longer than that of all flows together. */
async function load(name: BackendName): Promise<void> {
  if (name === 'cpu') {
    await import('@tensorflow/tfjs-backend-cpu');
    return;
  }
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (!('wasm' in tf.engine().registry)) setWasmPaths(wasmFolder());
}

/**
 * True if the backend is current and runs. tfjs names a backend as current before it runs, and even
 * after it failed to start.
 */
function isStarted(name: string): boolean {
  return tf.getBackend() === name && name in tf.engine().registry;
}

/** Restores the backend that was current before a failed start. */
async function restore(name: string): Promise<void> {
  if (name in tf.engine().registry) await tf.setBackend(name);
}

/** Number of tfjs tensors alive in this process, on any backend. Starts no backend. */
export function tensorCount(): number {
  return tf.engine().state.numTensors;
}

/** Folder of the installed wasm binaries, with a trailing separator. */
function wasmFolder(): string {
  const require = createRequire(import.meta.url);
  return path.join(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist') + path.sep;
}

/** Throws FLOWLINE_BACKEND_UNAVAILABLE unless {@link initBackend} has run. */
export function requireBackend(): void {
  if (!isStarted(tf.getBackend())) {
    throw new FlowError('FLOWLINE_BACKEND_UNAVAILABLE', 'no tensor backend has been started', {
      where: 'initBackend',
      remedy: "Call `await initBackend('wasm')` once, before the first flow is made.",
    });
  }
}

function unavailable(name: string, cause?: unknown): FlowError {
  return new FlowError('FLOWLINE_BACKEND_UNAVAILABLE', `the tensor backend '${name}' could not be started`, {
    where: `initBackend('${name}')`,
    remedy: "Reinstall @tensorflow/tfjs-backend-wasm, or ask for 'cpu' explicitly.",
    ...(cause === undefined ? {} : { cause }),
  });
}
