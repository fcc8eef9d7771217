export { reportHtml } from './report/report-html.tsx';
export type {
  EvaluationData,
  ExplainedEvent,
  ExplainedFeature,
  FeatureDistribution,
  RankingCurve,
  ReportData,
  TrainingCurves,
} from './report/report-data.ts';
