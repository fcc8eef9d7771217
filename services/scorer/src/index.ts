export { pipeline, type PipelineParts } from './pipeline.ts';
export type { RunTotals } from './run-totals.ts';
