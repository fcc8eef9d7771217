export { loadModel } from './load-model.ts';
export { readRecords } from './read-records.ts';
export { scoreRecords } from '@flowline/operations/scoring';
export { scoreLine, scoresHeader } from './write-scores.ts';
