export { anomalyReason, buildAlert, type AlertEvent, type AlertParts } from './alert.ts';
export { alarmRateInterval, alphaOf, type AlarmControl, type RateInterval } from './alpha.ts';
export { alphaInForce, type AlphaInForce, type AlphaModel } from './alpha-in-force.ts';
export {
  BUNDLE_VERSION,
  type BundleMetadata,
  type HistoryPart,
  type HistoryParts,
  type ModelBundle,
} from './bundle.ts';
export { fitCalibration, pValueOf, smallestPValue, type Calibration, type PValue } from './calibration.ts';
export { fitCalibrationSet, patternPValue, type CalibrationSet, type PatternPValue } from './calibration-set.ts';
export { compareOnHeldOut, type AlarmComparison, type Comparison, type ComparisonOptions } from './compare.ts';
export { Detector, type DetectorOptions } from './detector.ts';
export { exportOnnx } from './export-onnx.ts';
export { formatBits, formatNumber, formatRange } from './format-number.ts';
export { readableValue } from './readable-value.ts';
export { recipe, type TrainingData } from './recipe.ts';
export { bundleSha256, loadBundle, saveBundle } from './save-bundle.ts';
export { surpriseBits, type Scores } from './scores.ts';
export {
  trainDetector,
  type DetectorTrainingSpec,
  type TrainDetectorOptions,
  type TrainingProgress,
} from './train-detector.ts';
export type { MemberReport } from './train-flow.ts';
export type { AlarmVerdict } from './alarm-verdict.ts';
export type { MovedFeature } from './moved-features.ts';
export { movedWords } from './moved-words.ts';
export { beyondAsked } from './training-warnings.ts';
export type { AlarmReport, CalibrationReport, HeldOutReport, TrainingReport } from './training-report.ts';
