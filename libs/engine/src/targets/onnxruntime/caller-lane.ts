import { createRequire } from 'node:module';

import { entry } from '@flowline/events';

import type { Lane } from './lane.ts';
import { sessionOptions } from './onnxruntime-api.ts';
import type { OnnxRuntime, OnnxSession } from './onnxruntime-api.ts';
import { cannotRun, doesNotLoad } from './onnxruntime-package.ts';
import type { OnnxRuntimePackage } from './onnxruntime-package.ts';

/**
 * {@link Lane} on the calling thread. A run holds the thread; the event loop has its turn before
 * every run. Throws FLOWLINE_BACKEND_UNAVAILABLE if the package does not load.
 */
export const createCallerLane = (installed: OnnxRuntimePackage): Lane => {
  const { InferenceSession, Tensor } = load(installed);
  const sessions = new Map<string, OnnxSession>();
  return {
    runsAtATime: 1,
    open: async (output, model) => {
      try {
        sessions.set(output, await InferenceSession.create(model, sessionOptions));
      } catch (cause) {
        throw cannotRun(cause);
      }
    },
    run: async (output, rows, n) => {
      const session = entry(sessions, output);
      try {
        const { [output]: found } = await session.run({ rows: new Tensor('float32', rows, [n, rows.length / n]) });
        if (found === undefined) throw new Error(`the output ${output} is missing`);
        return found.data;
      } catch (cause) {
        throw cannotRun(cause);
      }
    },
    close: () => {
      for (const session of sessions.values()) void session.release();
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
