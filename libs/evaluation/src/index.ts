export { type Baseline, baselines } from './baselines/index.ts';
export { type MethodRanks, rankMethods } from './compare-methods.ts';
export { type BaselineEvaluation, evaluateBaseline, preparedRows } from './evaluate-baseline.ts';
export {
  type DetectorEvaluation,
  evaluateDetector,
  type EvaluateOptions,
  type InspectedSplit,
  type SplitRows,
} from './evaluate-detector.ts';
export { type LabelledRows, labelledRows, type LabelOptions } from './labelled-rows.ts';
export { type Protocol, protocols, splitRows } from './protocols.ts';
export { rankingCurves, type RankingCurves } from './ranking-curves.ts';
export { rankingMetrics, type RankingMetrics } from './ranking-metrics.ts';
