import { createRequire } from 'node:module';
import path from 'node:path';

import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from './flow-error.ts';
import { registerGradients } from './gradients/register.ts';

/** A tensor backend: `wasm` (SIMD, the default) or `cpu` (plain JavaScript, some tens of times slower). */
export type BackendName = 'wasm' | 'cpu';

/**
 * Makes a backend the current one; every flow needs this once per process. It never falls back to another: when the backend cannot
 * run here the promise rejects with FLOWLINE_BACKEND_UNAVAILABLE. Calling it again is harmless.
 *
 * ```ts
 * await initBackend('wasm');
 * ```
 */
export async function initBackend(name: BackendName = 'wasm'): Promise<void> {
  registerGradients();
  if (tf.getBackend() === name) return;
  if (name === 'wasm' && !('wasm' in tf.engine().registry)) setWasmPaths(wasmFolder());
  if (name === 'cpu') tf.enableProdMode(); // the cpu backend was asked for: no banner that recommends another one
  if (name === 'wasm' && !('WebAssembly' in globalThis)) throw unavailable(name);
  let started: boolean;
  try {
    started = await tf.setBackend(name);
  } catch (cause) {
    throw unavailable(name, cause);
  }
  if (!started) throw unavailable(name);
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
  if (!Object.keys(tf.engine().registry).includes(tf.getBackend())) {
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
