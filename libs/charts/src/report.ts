export { reportHtml } from './report/report-html.tsx';
export type {
  EvaluationData,
  ExplainedEvent,
  ExplainedFeature,
  FeatureDistribution,
  ReportData,
  TrainingCurves,
} from './report/report-data.ts';
