import { FlowlineError, type ScoringBackend } from '@flowline/events';

import type { Availability, BackendEntry } from '../targets/backend-entry.ts';
import { onnxRuntimeEntry } from '../targets/onnxruntime/onnxruntime-entry.ts';
import { createReferenceScorer } from '../targets/reference/reference-scorer.ts';
import { tensorflowBackend, tensorflowDevice, tensorflowInstalled } from '../targets/tensorflow/tensorflow.ts';
import { createTfjsScorer, ownTensorBackend, type TensorBackend } from '../targets/tensorflow/tfjs.ts';
import { threadsInWords } from '../targets/threads-in-words.ts';
import { createWasmPoolScorer } from '../targets/wasm/runtime/wasm-pool.ts';
import { wasmTarget } from '../targets/wasm/runtime/wasm-target.ts';
import { createWasmScorer } from '../targets/wasm/runtime/wasm.ts';
import { webGpuEntry } from '../targets/wgsl/runtime/webgpu-entry.ts';
import { whyNotLowered } from '../lower/flow.ts';

/**
 * All backends, in the order in which `auto` tries them. The first one is kept unless another is
 * enough faster.
 */
export const backendTable: readonly BackendEntry[] = [
  {
    name: 'wasm',
    role: 'candidate',
    fingerprint: wasmFingerprint,
    probe: () => Promise.resolve(wasmAvailability('1 thread')),
    obstacle: whyNotLowered,
    create: async (frozen) => createWasmScorer(await frozen.plan()),
  },
  {
    name: 'wasm-pool',
    role: 'candidate',
    fingerprint: wasmFingerprint,
    probe: ({ threads, offThread }) => Promise.resolve(wasmAvailability(threadsInWords(threads, offThread))),
    obstacle: whyNotLowered,
    create: async (frozen, options) => createWasmPoolScorer(await frozen.plan(), options),
  },
  onnxRuntimeEntry,
  webGpuEntry,
  {
    ...tensorEntry('tensorflow', 'candidate', tensorflowBackend, tensorflowDevice),
    fingerprint: tensorflowInstalled,
    obstacle: (flow) =>
      whyNotLowered(flow) === null && !isGpuBuild() ? 'on the processor compiled code is faster by far' : null,
  },
  tensorEntry('tfjs-wasm', 'lastResort', ownTensorBackend('wasm'), () => '1 thread, through tensors'),
  tensorEntry('tfjs-cpu', 'named', ownTensorBackend('cpu'), () => '1 thread, plain JavaScript'),
  {
    name: 'reference',
    role: 'named',
    fingerprint: () => 'float64',
    probe: () => Promise.resolve({ available: true, device: '1 thread, float64', software: false }),
    obstacle: whyNotLowered,
    create: async (frozen) => createReferenceScorer(await frozen.plan()),
  },
];

/** Finds the entry of a backend. Throws FLOWLINE_USAGE if the table has none of that name. */
export const backendEntry = (name: ScoringBackend, table: readonly BackendEntry[] = backendTable): BackendEntry => {
  const entry = table.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  throw new FlowlineError('FLOWLINE_USAGE', `there is no backend '${name}'`, {
    where: 'createScorer',
    remedy: `Choose auto or one of ${table.map((candidate) => candidate.name).join(', ')}.`,
  });
};

/**
 * True for the GPU build, judged by the package name: loading TensorFlow takes more than a second
 * and 250 MB, too much for a build that is known to lose.
 */
function isGpuBuild(): boolean {
  return tensorflowInstalled()?.includes('tfjs-node-gpu') ?? false;
}

function wasmFingerprint(): string {
  const { simd, fused } = wasmTarget();
  return fused ? 'relaxed SIMD' : simd ? 'SIMD' : 'no SIMD';
}

function wasmAvailability(device: string): Availability {
  if (wasmTarget().simd) return { available: true, device: `${device}, ${wasmFingerprint()}`, software: false };
  return {
    available: false,
    why: 'this JavaScript engine runs no WebAssembly SIMD',
    remedy: 'Use Node 20.19 or newer on a processor with SSE4.1 or NEON.',
  };
}

function tensorEntry(
  name: ScoringBackend,
  role: BackendEntry['role'],
  backend: TensorBackend,
  device: () => string,
): BackendEntry {
  return {
    name,
    role,
    fingerprint: () => backend.backend,
    probe: async (): Promise<Availability> => {
      try {
        await backend.start();
        return { available: true, device: device(), software: false };
      } catch (error) {
        if (!(error instanceof FlowlineError)) throw error;
        return { available: false, why: error.message, remedy: error.remedy ?? 'Reinstall the dependencies.' };
      }
    },
    obstacle: () => null,
    create: ({ flow }) => createTfjsScorer(flow, backend),
  };
}
