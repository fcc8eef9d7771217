import { createWebGpuScorer } from '../backends/webgpu.ts';
import { probeWebGpu } from '../backends/webgpu-adapter.ts';
import type { GpuAnswer, GpuJob } from './gpu-child.ts';

const run = async ({ plan, calls, ...options }: GpuJob): Promise<GpuAnswer> => {
  try {
    const scorer = await createWebGpuScorer(plan, options);
    const results = [];
    for (const { output, rows, n } of calls) results.push(await scorer[output](rows, n));
    scorer.dispose();
    return { results };
  } catch (error) {
    return { error: String(error) };
  }
};

process.on('message', (job) => {
  void run(job as GpuJob).then((answer) => process.send?.(answer));
});
process.send?.(await probeWebGpu());
