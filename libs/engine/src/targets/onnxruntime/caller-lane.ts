import { createRequire } from 'node:module';

import { entry } from '@flowline/events';

import { inBlocks } from './chunks.ts';
import type { Lane } from './lane.ts';
import { sessionOptions } from './onnxruntime-api.ts';
import type { OnnxRuntime, OnnxSession } from './onnxruntime-api.ts';
import { cannotRun, doesNotLoad } from './onnxruntime-package.ts';
import type { OnnxRuntimePackage } from './onnxruntime-package.ts';
import { RunTensors } from './run-tensors.ts';

/** Session of an output, with the tensors of its runs. */
interface Opened {
  readonly session: OnnxSession;
  readonly tensors: RunTensors;
}

/**
 * {@link Lane} on the calling thread. A run holds the thread; the event loop has its turn before
 * every run. Throws FLOWLINE_BACKEND_UNAVAILABLE if the package does not load.
 */
export const createCallerLane = (installed: OnnxRuntimePackage): Lane => {
  const { InferenceSession, Tensor } = load(installed);
  const opened = new Map<string, Opened>();
  return {
    runsAtATime: 1,
    open: async (output, model) => {
      try {
        const session = await InferenceSession.create(model, sessionOptions);
        opened.set(output, { session, tensors: new RunTensors(Tensor, output) });
      } catch (cause) {
        throw cannotRun(cause);
      }
    },
    run: async (output, rows, n, results) => {
      const { session, tensors } = entry(opened, output);
      const { feeds, fetches, input, output: found } = tensors.of(inBlocks(n), rows.length / n, results.length / n);
      input.set(rows);
      if (input.length > rows.length) input.fill(0, rows.length);
      try {
        await session.run(feeds, fetches);
      } catch (cause) {
        throw cannotRun(cause);
      }
      results.set(found.length === results.length ? found : found.subarray(0, results.length));
    },
    close: () => {
      for (const { session } of opened.values()) void session.release();
    },
  };
};

const load = (installed: OnnxRuntimePackage): OnnxRuntime => {
  try {
    return createRequire(import.meta.url)(installed.path) as OnnxRuntime;
  } catch (error) {
    throw doesNotLoad(installed, error);
  }
};
