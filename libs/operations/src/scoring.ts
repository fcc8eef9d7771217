export type { EventNames } from './event-names.ts';
export type { FileRecord } from './file-record.ts';
export { BATCH_ROWS, scoreRecords } from './score-records.ts';
export type { RowNames, ScoredRow } from './scored-row.ts';
