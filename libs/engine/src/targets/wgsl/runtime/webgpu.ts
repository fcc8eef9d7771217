import { FlowlineError } from '@flowline/events';

import { KernelScorer } from '../../kernel-scorer.ts';
import { wasmGradient } from '../../wasm/runtime/wasm-gradient.ts';
import { findAdapter, isSoftware } from './webgpu-adapter.ts';
import { wantedLimits } from './webgpu-api.ts';
import type { GpuDevice, GpuLimits } from './webgpu-api.ts';
import { GpuProgram } from './webgpu-program.ts';
import { shaderEmission } from '../emit-score.ts';
import type { ShaderOutput } from '../emit-score.ts';
import { dump } from '../../../dump.ts';
import type { Plan } from '../../../plan/plan.ts';
import type { Scorer } from '../../../scorer.ts';
import { planValidation } from '../../../plan/validate-plan.ts';
import { inSlices } from '../../../slices.ts';

/** Options of the shader. */
export interface WebGpuOptions {
  /**
   * Maximum workgroup memory in bytes (default: the limit of the device; 4,096 for a software
   * driver).
   */
  readonly workgroupBytes?: number;
}

/**
 * Scores a plan on a GPU. The whole flow is one compute shader, with one dispatch for up to 65,536
 * rows. Scores and latents come from the GPU. Gradients, requested for few rows only, come from the
 * WebAssembly kernels on the calling thread. Rejects with FLOWLINE_BACKEND_UNAVAILABLE if there is
 * no GPU, or if it cannot hold the model.
 */
export const createWebGpuScorer = async (plan: Plan, options: WebGpuOptions = {}): Promise<Scorer> => {
  await inSlices(planValidation(plan));
  const { device, software } = await openDevice();
  const most = software ? SOFTWARE_WORKGROUP_BYTES : device.limits.maxComputeWorkgroupStorageSize;
  const limits = { workgroupBytes: options.workgroupBytes ?? most };
  const compile = async (output: ShaderOutput): Promise<GpuProgram> => {
    const shader = await inSlices(shaderEmission(plan, output, limits));
    dump(plan, `${output}.wgsl`, shader.code);
    const width = plan.features + plan.context;
    return GpuProgram.compile(device, shader, width, output === 'score' ? 1 : plan.features);
  };
  let score: GpuProgram;
  try {
    score = await compile('score');
  } catch (error) {
    device.destroy();
    throw error;
  }
  let latent: Promise<GpuProgram> | null = null;
  return new KernelScorer({
    name: 'webgpu',
    shape: plan,
    score: (rows, n, scores) => score.run(rows, n, scores),
    latent: async (rows, n, latents) => (await (latent ??= compile('latent'))).run(rows, n, latents),
    gradient: wasmGradient(plan),
    dispose: () => device.destroy(),
  });
};

/** SwiftShader takes seconds to compile a shader with 16 KB of workgroup memory. */
const SOFTWARE_WORKGROUP_BYTES = 4096;

/** Opens a device for one scorer, with all the memory that the adapter allows. */
const openDevice = async (): Promise<{ device: GpuDevice; software: boolean }> => {
  const adapter = await findAdapter();
  const limits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])) as GpuLimits;
  try {
    const device = await adapter.requestDevice({ requiredLimits: limits });
    return { device, software: isSoftware(adapter.info) };
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', 'the GPU could not be opened', {
      where: 'webgpu',
      remedy: 'Update its driver, or choose another compute backend.',
      cause,
    });
  }
};
