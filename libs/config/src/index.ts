export * from './csv.ts';
export { type CsvOptions, csvRecords } from './csv-records.ts';
export type { CsvRecord } from './csv-scanner.ts';
export {
  type AbsenceOptions,
  alertAfterMsOf,
  type DetectorDefinition,
  entityOf,
  LEARNED,
  learnsIntervals,
  type PromotionMode,
  modelFamilies,
  promotionModes,
  type RecordFormat,
  TOPIC_SINK,
} from './detector-definition.ts';
export type { CalendarSpec } from './calendar-document.ts';
export {
  type DocumentKind,
  documentJsonSchema,
  documentKinds,
  type ResourceKind,
  type ResourceSpecs,
} from './document-kinds.ts';
export { documentText } from './document-text.ts';
export { detectorJsonSchema } from './detector-document.ts';
export type { Finding, Report } from './finding.ts';
export * from './load-detector-file.ts';
export * from './lookup-csv.ts';
export { nearest } from './nearest.ts';
export { hasSameColumns, modelChanges } from './model-changes.ts';
export { parseDetector } from './parse-detector.ts';
export { type FlowlineDocument, parseDocuments, readResource, type ResourceDocument } from './parse-documents.ts';
export { readDefinition, storedDefinition } from './read-definition.ts';
export { isTimezone } from './resolve-features.ts';
export type { ReadText } from './resolve-lookups.ts';
export * from './schedule.ts';
export { scoringCompute, type ScoringCompute } from './scoring-compute.ts';
export * from './secret.ts';
export * from './settings.ts';
export { type Change, documentChanges } from './document-changes.ts';
export { detectorDocumentOf, resourceDocumentOf, type WrittenDocument, yamlOf } from './write-document.ts';
export type { WriteForm } from './write-options.ts';
export type { RuleSpec } from './rule-document.ts';
export { type SinkKind, sinkKindOf, type SinkSpec } from './sink-document.ts';
export { unknownVariables } from './unknown-variables.ts';
