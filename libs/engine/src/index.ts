export type { Availability, BackendEntry, BackendOptions } from './targets/backend-entry.ts';
export { backendTable } from './select/backend-table.ts';
export { createScorer, type ChosenScorer, type ScorerOptions } from './create-scorer.ts';
export { emitPortable } from './targets/wasm/runtime/portable-kernels.ts';
export type { PortableKernels } from './targets/wasm/runtime/kernel-scorer-of.ts';
export { exportDetector } from './targets/onnx/detector.ts';
export { exportFlow } from './targets/onnx/flow.ts';
export {
  compiledTraining,
  fitCompiled,
  whyNotTrained,
  type CompiledTrainingOptions,
} from './training/compiled-training.ts';
export { FrozenFlow } from './frozen-flow.ts';
export { whyNotLowered } from './lower/flow.ts';
export { canInvert, invert, invertsAtOnce } from './targets/reference/inverse.ts';
export type { Scorer } from './scorer.ts';
export { selectScorer, type Selection, type SelectOptions } from './select/select.ts';
export type { BackendTrial } from './select/trial.ts';
export { surveyBackends, type SurveyedBackend } from './select/survey.ts';
export { errorInTolerances, toleranceOf } from './select/tolerance.ts';
export { folderCache, type VerdictCache } from './select/verdict-cache.ts';
