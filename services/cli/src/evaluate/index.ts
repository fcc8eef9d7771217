export { evaluateTable, type Evaluation } from './evaluate-table.ts';
export { evaluationReport, evaluationText } from './evaluation-text.ts';
