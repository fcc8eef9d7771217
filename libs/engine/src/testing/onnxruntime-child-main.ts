import { serve } from './child.ts';
import type { OnnxRuntimeJob } from './onnxruntime-child.ts';
import { createOnnxRuntimeScorer } from '../targets/onnxruntime/onnxruntime.ts';
import { onnxRuntimeEntry } from '../targets/onnxruntime/onnxruntime-entry.ts';
import { installedOnnxRuntime } from '../targets/onnxruntime/onnxruntime-package.ts';

const availability = await onnxRuntimeEntry.probe({ threads: 1, offThread: false });

serve(availability.available ? null : availability.why, async (job) => {
  const { plan, options, calls } = job as OnnxRuntimeJob;
  const scorer = await createOnnxRuntimeScorer(plan, installedOnnxRuntime(), options);
  const results = [];
  for (const { output, rows, n } of calls) results.push(await scorer[output](rows, n));
  scorer.dispose();
  return results;
});
