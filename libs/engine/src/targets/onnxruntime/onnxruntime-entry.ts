import { FlowlineError } from '@flowline/events';

import { createOnnxRuntimeScorer } from './onnxruntime.ts';
import { findOnnxRuntime, installedOnnxRuntime } from './onnxruntime-package.ts';
import type { OnnxRuntimePackage } from './onnxruntime-package.ts';
import { WorkerLane } from './worker-lane.ts';
import type { BackendEntry } from '../backend-entry.ts';
import { threadsInWords } from '../threads-in-words.ts';
import { whyNotLowered } from '../../lower/flow.ts';

/**
 * ONNX Runtime on the processor. Optional: npm's onnxruntime-node.
 * @param from file that would import the package (default: this one).
 */
export const onnxRuntimeEntryFrom = (from?: string): BackendEntry => {
  /** Package that a thread has loaded. */
  let loaded: Promise<OnnxRuntimePackage> | null = null;
  return {
    name: 'onnxruntime',
    role: 'candidate',
    fingerprint: () => {
      const installed = findOnnxRuntime(from);
      return installed === null ? null : `onnxruntime-node ${installed.version}`;
    },
    probe: async ({ threads, offThread }) => {
      try {
        const { version } = await (loaded ??= loadOnce(from));
        const device = `${threadsInWords(threads, offThread)}, ONNX Runtime ${version}`;
        return { available: true, device, software: false };
      } catch (error) {
        if (!(error instanceof FlowlineError)) throw error;
        return { available: false, why: error.message, remedy: error.remedy ?? 'Choose another backend.' };
      }
    },
    obstacle: whyNotLowered,
    create: async (frozen, options) =>
      createOnnxRuntimeScorer(await frozen.plan(), installedOnnxRuntime(from), options),
  };
};

/** ONNX Runtime, from the packages of this program. */
export const onnxRuntimeEntry = onnxRuntimeEntryFrom();

/** Loads the package on a thread that ends at once. */
const loadOnce = async (from?: string): Promise<OnnxRuntimePackage> => {
  const installed = installedOnnxRuntime(from);
  const lane = await WorkerLane.start(installed);
  lane.close();
  return installed;
};
