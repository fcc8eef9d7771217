export { loadModel } from './load-model.ts';
export { readRecords } from './read-records.ts';
export { scoreRecords } from './score-records.ts';
export { scoreLine, scoresHeader } from './write-scores.ts';
