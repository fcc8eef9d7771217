export { anomalyReason, buildAlert, type AlertEvent, type AlertParts } from './alert.ts';
export { alarmRateInterval, alphaOf, type AlarmControl, type RateInterval } from './calibration/alpha.ts';
export { lordThresholds, partitionWealth } from './control/lord.ts';
export { alphaInForce, type AlphaInForce, type AlphaModel } from './calibration/alpha-in-force.ts';
export {
  BUNDLE_VERSION,
  type BundleMetadata,
  type HistoryPart,
  type HistoryParts,
  type ModelBundle,
} from './bundle/bundle.ts';
export { BROWSER_VERSION } from './browser/browser-bundle.ts';
export { fitCalibration, pValueOf, smallestPValue, type Calibration, type PValue } from './calibration/calibration.ts';
export {
  fitCalibrationSet,
  patternPValue,
  type CalibrationSet,
  type PatternPValue,
} from './calibration/calibration-set.ts';
export { compareOnHeldOut, type AlarmComparison, type Comparison, type ComparisonOptions } from './training/compare.ts';
export { type ConditionalOptions, Detector, type DetectorOptions } from './detector.ts';
export type { ConditionalGrid, NumberConditional } from './explanation/feature-conditional.ts';
export type { LevelConditional } from './explanation/level-conditional.ts';
export { type DayDrift, driftOfDay } from './drift/drift-of-day.ts';
export { driftOfFeatures, type FeatureChange, type FeatureDrift, type PitSummary } from './drift/drift-of-features.ts';
export { type FeaturePits, MISSING_PIT, type PitKind } from './drift/feature-pits.ts';
export { exportOnnx } from './bundle/export-onnx.ts';
export { countCopies, withoutCopies } from './history/copies.ts';
export { partsOf, rowsOf, timesOf } from './history/history-parts.ts';
export { splitByTime, type TimeSplit } from './history/split-by-time.ts';
export { splitUnseen } from './history/split-unseen.ts';
export { formatBits, formatExpected, formatNumber } from './explanation/format-number.ts';
export { packAnomalies, type PackedParts, unpackAnomalies } from './packed-anomalies.ts';
export { fewestRows, minimumRows, type MinimumRows, minimumRowsOf, takesFewRows } from './minimum-rows.ts';
export { readableValue } from './explanation/readable-value.ts';
export { type DefinedModel, modelChoice } from './training/model-choice.ts';
export type { CandidateReport } from './selection/candidate-report.ts';
export { recalibrate } from './training/recalibrate.ts';
export { recipe, type TrainingData } from './training/recipe.ts';
export { bundleSha256, loadBundle, saveBundle } from './bundle/save-bundle.ts';
export { surpriseBits, type Scores } from './scores.ts';
export { trainDetector } from './training/train-detector.ts';
export type {
  DetectorTrainingSpec,
  MemberCheckpoints,
  TrainDetectorOptions,
  TrainingProgress,
} from './training/training-spec.ts';
export type { MemberReport } from './training/train-flow.ts';
export { alarmVerdict, type AlarmVerdict, designEffect } from './calibration/alarm-verdict.ts';
export { type MovedFeature, movedFeatures } from './training/moved-features.ts';
export { movedWords } from './training/moved-words.ts';
export type { AlarmReport, CalibrationReport, HeldOutReport, TrainingReport } from './training/training-report.ts';
export { beyondAsked } from './training/training-warnings.ts';
export { surveyTraining } from './training/survey-training.ts';
export type { TrainingCompute } from './training/choose-training.ts';
