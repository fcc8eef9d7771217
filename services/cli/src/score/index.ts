export { explainRows } from './explain-rows.ts';
export { createDetector, loadModel } from './load-model.ts';
export { jsonRecords } from './json-records.ts';
export { readRecords } from './read-records.ts';
export { sampleRecords, scoreRecords } from '@flowline/operations/scoring';
export { samplesText } from './write-samples.ts';
export { scoreLine, scoresHeader } from './write-scores.ts';
