import { planValidation } from '../../../plan/validate-plan.ts';
import type { FrozenFlow } from '../../../frozen-flow.ts';
import type { RowShape } from '../../../row-shape.ts';
import { inSlices } from '../../../slices.ts';
import { scoreEmission } from '../emit-score.ts';
import { chunkRows } from './kernel-chunks.ts';
import type { PortableKernels } from './kernel-scorer-of.ts';

/**
 * Emits the kernels of a flow for any engine with WebAssembly SIMD, such as a browser: without the
 * relaxed instructions that some lack, so that the same flow gives the same bytes everywhere.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE for a family without a compiled form.
 */
export const emitPortable = async (flow: FrozenFlow): Promise<PortableKernels> => {
  const plan = await flow.plan();
  await inSlices(planValidation(plan));
  const { features, context, presence } = plan;
  const shape: RowShape = { features, context, presence };
  const options = { fused: false, capacity: chunkRows(shape) };
  return { shape, score: await inSlices(scoreEmission(plan, options)) };
};
