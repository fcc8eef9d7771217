import type { GraphForm } from '../onnx/onnx-graph.ts';
import { networksOf, valueWidths } from '../../plan/plan.ts';
import type { Plan } from '../../plan/plan.ts';

/** Width of a layer from which on a product of few rows is faster than their convolution. */
const WIDE = 256;

/**
 * Form of the graph in which ONNX Runtime is fastest. Its convolutions in blocks of channels are
 * written for the registers of x64, and columns are moved in one piece there. Matrix products are
 * ahead in small batches of wide layers, where no columns need to be moved.
 */
export const graphFormOf = (plan: Plan, arch: string = process.arch): GraphForm => {
  if (arch !== 'x64') return 'products';
  const isWide = networksOf(plan)
    .flatMap(valueWidths)
    .some((width) => width >= WIDE);
  return isWide && readsHalves(plan) ? 'products' : 'channels';
};

/** True if every coupling reads and writes dimensions that follow one another. */
const readsHalves = ({ steps }: Plan): boolean =>
  steps.every(
    (step) => step.type === 'transform' && isRun(step.conditioning.dimensions) && isRun(step.transformed.dimensions),
  );

const isRun = (dimensions: Int32Array): boolean => {
  const first = dimensions.at(0) ?? 0;
  return dimensions.every((dimension, i) => dimension === first + i);
};
