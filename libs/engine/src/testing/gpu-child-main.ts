import { serve } from './child.ts';
import type { GpuJob } from './gpu-child.ts';
import { createWebGpuScorer } from '../targets/wgsl/runtime/webgpu.ts';
import { probeWebGpu } from '../targets/wgsl/runtime/webgpu-adapter.ts';

serve(await probeWebGpu(), async (job) => {
  const { plan, calls, ...options } = job as GpuJob;
  const scorer = await createWebGpuScorer(plan, options);
  const results = [];
  for (const { output, rows, n } of calls) results.push(await scorer[output](rows, n));
  scorer.dispose();
  return results;
});
