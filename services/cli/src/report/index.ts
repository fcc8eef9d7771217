export { commandLine } from './command-line.ts';
export { EvaluationRecord } from './evaluation-report.ts';
export { fittedReport } from './fitted-report.ts';
export { modelReport } from './model-report.ts';
export { trainedReport } from './trained-report.ts';
