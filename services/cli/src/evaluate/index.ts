export { evaluateTable } from './evaluate-table.ts';
export { evaluationReport, evaluationText } from './evaluation-text.ts';
