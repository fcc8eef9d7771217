export { ascendingOrder, inOrder } from './ascending-order.ts';
export { ColumnTable } from './column-table.ts';
export { ColumnTableBuilder, columnsOf } from './column-table-builder.ts';
export type { GivenValues } from './draw-conditions.ts';
export type { EncodedBatch } from './encode-table.ts';
export type { FeatureEncodingConfig } from './encoding-config.ts';
export type { CyclicColumn, EncodingColumn, EncodingPlan, LevelsColumn, NumberColumn } from './encoding-plan.ts';
export {
  compileExpression,
  compileName,
  type Evaluate,
  type FeatureRecord,
  type Lookups,
  type Value,
} from './expression.ts';
export { Fault, unreadable } from './fault.ts';
export {
  FeatureEncoding,
  type Dimension,
  type LevelProbability,
  type LevelRange,
  type LevelSurprise,
} from './feature-encoding.ts';
export {
  checkSchema,
  fieldsOf,
  isDimension,
  isLevelFeature,
  scaleOf,
  tableColumns,
  type Scale,
} from './feature-schema.ts';
export {
  concatTables,
  emptyTable,
  rowValues,
  selectRows,
  sliceTable,
  tableOfValues,
  type FeatureTable,
} from './feature-table.ts';
export { fitEncoding, fitEncodingSteps } from './fit-encoding.ts';
export { compileEventId } from './event-id.ts';
export { compileEventTime, eventTimeOf } from './event-time.ts';
export { compareColumns, type ColumnFindings, type RowColumn, wantedColumns } from './history-columns.ts';
export { haversineKm } from './haversine.ts';
export { levelText } from './level-text.ts';
export { COMPLETE, UNKNOWN_PATTERN } from './missing-patterns.ts';
export { ENCODED_BOUND } from './numeric-column.ts';
export type { FieldColumns } from './field-columns.ts';
export type { PlainColumns, PlainLevel, PlainNumber } from './plain-columns.ts';
export { createRecordReader, type ReadResult, type RecordFault, type RecordReader } from './record-reader.ts';
export { type FeatureValues, type KnownFeature, RowEncoder } from './row-encoder.ts';
export { filterNumbers, mapNumbers } from './map-numbers.ts';
export { sortNumbers } from './sort-numbers.ts';
export { mostStrays, strayRules, type StrayRule } from './stray-values.ts';
export { parseTime } from './time.ts';
export { DOMAIN_TOLERANCE, LARGE_TOLERANCE } from './tolerance.ts';
export { EntityWindows } from './windows/entity-windows.ts';
export type { EntityWindowsOptions } from './windows/options.ts';
export type { BatchWindows, EventWindows } from './windows/record-windows.ts';
export { WindowMemory } from './windows/window-memory.ts';
export { windowsOf } from './windows/window.ts';
