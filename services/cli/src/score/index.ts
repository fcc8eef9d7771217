export { explainRows } from './explain-rows.ts';
export { loadModel } from './load-model.ts';
export { jsonRecords } from './json-records.ts';
export { readRecords } from './read-records.ts';
export { scoreRecords } from '@flowline/operations/scoring';
export { scoreLine, scoresHeader } from './write-scores.ts';
