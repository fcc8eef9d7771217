export { headerNames, isUnnamed, listed, otherSeparator } from './column-names.ts';
export { cellBoolean, cellFloat, cellNumber, isMissingNumber } from './cell-text.ts';
export { type Cell, type ColumnKind, type DataTable, numbersOf, recordsOf, type TableColumn } from './data-table.ts';
export { type FileFormat, formatOf, type TableFormat, tableFormats } from './formats.ts';
export { jsonLines, type NumberedRecord, parsedLine } from './json-lines.ts';
export { type RecordMaker, recordMaker } from './nested-record.ts';
export { openFile } from './open-file.ts';
export { parquetColumns, parquetRecords } from './parquet-records.ts';
export { readTable, type ReadTableOptions, type TableBounds, tableOfRecords } from './read-table.ts';
export { unreadable } from './unreadable.ts';
export { isIdColumn } from './profile/choose-use.ts';
export {
  detectorName,
  featuresOf,
  type LeftOutColumn,
  type ProfiledFeature,
  type ProfiledTime,
  profileTable,
  type TableProfile,
} from './profile/profile-table.ts';
export { type DetectorOrigin, type NewDetector, writtenDetector } from './profile/written-detector.ts';
