export { backends, createScorer, type Backend, type ScorerOptions } from './create-scorer.ts';
export type { Scorer } from './scorer.ts';
