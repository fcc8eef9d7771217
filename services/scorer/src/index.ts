export { pipeline, type PipelineParts } from './pipeline.ts';
export { runScorer } from './run-scorer.ts';
export type { RunTotals } from './metrics/run-totals.ts';
