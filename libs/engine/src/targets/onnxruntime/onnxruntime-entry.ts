import { FlowlineError } from '@flowline/events';

import { createOnnxRuntimeScorer } from './onnxruntime.ts';
import { onnxRuntimePath, onnxRuntimeVersion } from './onnxruntime-package.ts';
import { WorkerLane } from './worker-lane.ts';
import type { BackendEntry } from '../backend-entry.ts';
import { threadsInWords } from '../threads-in-words.ts';
import { whyNotLowered } from '../../lower/flow.ts';

/** ONNX Runtime on the processor. Optional: npm's onnxruntime-node. */
export const onnxRuntimeEntry: BackendEntry = {
  name: 'onnxruntime',
  role: 'candidate',
  fingerprint: () => {
    const version = onnxRuntimeVersion();
    return version === null ? null : `onnxruntime-node ${version}`;
  },
  probe: async ({ threads, offThread }) => {
    try {
      const version = await loadedVersion();
      const device = `${threadsInWords(threads, offThread)}, ONNX Runtime ${version}`;
      return { available: true, device, software: false };
    } catch (error) {
      if (!(error instanceof FlowlineError)) throw error;
      return { available: false, why: error.message, remedy: error.remedy ?? 'See the message.' };
    }
  },
  obstacle: whyNotLowered,
  create: async (frozen, options) => createOnnxRuntimeScorer(await frozen.plan(), options),
};

let loaded: Promise<string> | null = null;

/** Version of the package, once a thread has loaded it. */
const loadedVersion = (): Promise<string> => {
  loaded ??= (async () => {
    const lane = await WorkerLane.start(onnxRuntimePath());
    lane.close();
    return onnxRuntimeVersion() ?? '';
  })();
  return loaded;
};
