import { existsSync } from 'node:fs';

import { Child } from './child.ts';
import type { GpuProbe } from '../targets/wgsl/runtime/webgpu-adapter.ts';
import type { Plan } from '../plan/plan.ts';

/** Rows for one scorer of a plan, with the backend `webgpu`. */
export interface GpuJob {
  readonly plan: Plan;
  /** Workgroup memory for the shader in bytes (default: the backend's choice). */
  readonly workgroupBytes?: number;
  readonly calls: readonly {
    readonly output: 'score' | 'latent' | 'gradient';
    readonly rows: Float32Array;
    readonly n: number;
  }[];
}

/** Results, one per call. */
export type GpuResults = readonly (Float32Array | Float64Array)[];

/** Vulkan driver on the CPU, part of Debian's chromium. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Starts a process with a GPU. If the environment names no Vulkan driver, it uses that of Debian's
 * chromium, if installed.
 */
export const startGpuChild = async (): Promise<{
  readonly gpu: Child<GpuJob, GpuResults>;
  readonly probe: GpuProbe;
}> => {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  const driver = named ?? (existsSync(SOFTWARE_DRIVER) ? SOFTWARE_DRIVER : undefined);
  const environment = driver === undefined ? {} : { VK_ICD_FILENAMES: driver };
  const { child, ready } = await Child.start<GpuJob, GpuResults>('gpu-child-main.ts', environment);
  return { gpu: child, probe: ready as GpuProbe };
};
