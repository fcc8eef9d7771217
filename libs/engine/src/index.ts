export type { Availability, BackendEntry, BackendOptions } from './backend-entry.ts';
export { backendTable } from './backend-table.ts';
export { createScorer, type ChosenScorer, type ScorerOptions } from './create-scorer.ts';
export { exportFlow } from './export-onnx/flow.ts';
export { whyNotLowered } from './lower/flow.ts';
export type { Scorer } from './scorer.ts';
export { selectScorer, type BackendTrial, type Selection, type SelectOptions } from './select.ts';
export { errorInTolerances, toleranceOf } from './tolerance.ts';
export { folderCache, type VerdictCache } from './verdict-cache.ts';
