import { createWebGpuScorer } from './webgpu.ts';
import { hasVulkanDriver, probeWebGpu } from './webgpu-adapter.ts';
import type { BackendEntry } from '../../backend-entry.ts';
import { whyNotLowered } from '../../../lower/flow.ts';

/** GPU backend, through WebGPU. */
export const webGpuEntry: BackendEntry = {
  name: 'webgpu',
  role: 'candidate',
  fingerprint: () => (process.platform === 'linux' && !hasVulkanDriver() ? 'no driver' : 'a driver'),
  probe: async () => {
    const probe = await probeWebGpu();
    if (probe.available) return probe;
    return { available: false, why: probe.reason, remedy: "Install a GPU's driver and the npm package webgpu." };
  },
  obstacle: whyNotLowered,
  create: async (frozen) => createWebGpuScorer(await frozen.plan()),
};
