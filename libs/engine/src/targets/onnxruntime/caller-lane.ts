import { entry } from '@flowline/events';

import type { Lane } from './lane.ts';
import { sessionOptions } from './onnxruntime-api.ts';
import type { OnnxSession } from './onnxruntime-api.ts';
import { cannotRun, loadOnnxRuntime } from './onnxruntime-package.ts';

/**
 * {@link Lane} on the calling thread. A run holds the thread; the event loop has its turn before
 * every run. Throws FLOWLINE_BACKEND_UNAVAILABLE if the package does not load.
 */
export const createCallerLane = (path: string): Lane => {
  const { InferenceSession, Tensor } = loadOnnxRuntime(path);
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
