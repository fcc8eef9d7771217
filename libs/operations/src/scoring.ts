export type { EventNames } from './event-names.ts';
export {
  type FeatureCell,
  type FeatureSchemas,
  type FeatureTimeline,
  featureTimelines,
  type Intervals,
} from './feature-timelines.ts';
export type { FeatureValues } from './feature-values.ts';
export { createFileReader, type FileReader } from './file-reader.ts';
export type { FileRecord } from './file-record.ts';
export { type CalibrationPoint, type FittedFeature, type ModelFit, modelFit } from './model-fit.ts';
export { type GivenEvent, readEvent } from './read-event.ts';
export { type Sampled, type SampledRecord, sampleRecords, type SampleRecordsOptions } from './sample-records.ts';
export { BATCH_ROWS, scoreRecords } from './score-records.ts';
export type { RowNames, ScoredRow } from './scored-row.ts';
export { whatIf, type WhatIfOptions } from './what-if.ts';
export { type UsualRange, usualRanges } from './usual-ranges.ts';
