import { createRequire } from 'node:module';
import path from 'node:path';

import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from './flow-error.ts';
import { registerGradients } from './gradients/register.ts';
import { withoutProcessHandlers } from './process-handlers.ts';

/** A tensor backend: `wasm` (SIMD, the default) or `cpu` (plain JavaScript, some tens of times slower). */
export type BackendName = 'wasm' | 'cpu';
const BACKENDS: readonly string[] = ['wasm', 'cpu'] satisfies BackendName[];

/** The start under way, settled either way; tfjs takes one at a time. */
let underWay: Promise<unknown> = Promise.resolve();

/**
 * Makes a backend the current one; every flow needs this once per process. It never falls back to another: when the backend cannot
 * run here the promise rejects with FLOWLINE_BACKEND_UNAVAILABLE. Calling it again is harmless, also while a start is under way: starts
 * come one after another, each promise settles when its own is done, and the last one asked for is current in the end.
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
  if (name === 'wasm' && !('wasm' in tf.engine().registry)) setWasmPaths(wasmFolder());
  if (name === 'cpu') tf.enableProdMode(); // the cpu backend was asked for: no banner that recommends another one
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

/** Whether a backend is current and runs: tfjs names one current before it does, and when it has failed to. */
function isStarted(name: string): boolean {
  return tf.getBackend() === name && name in tf.engine().registry;
}

/** Puts the backend back that was current before a start that failed. */
async function restore(name: string): Promise<void> {
  if (name in tf.engine().registry) await tf.setBackend(name);
}

/** How many tensors of tfjs are alive in this process, on whichever backend; starts none. */
export function tensorCount(): number {
  return tf.engine().state.numTensors;
}

/** The folder of the installed wasm binaries, with a trailing separator. */
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
