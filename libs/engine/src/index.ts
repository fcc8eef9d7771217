export { createScorer, type ScorerOptions } from './create-scorer.ts';
export { whyNotLowered } from './lower/flow.ts';
export { backends, type Backend } from './named-scorer.ts';
export type { Scorer } from './scorer.ts';
export { selectScorer, type BackendTrial, type Selection, type SelectOptions } from './select.ts';
export { errorInTolerances, toleranceOf } from './tolerance.ts';
