export { evaluateTable } from './evaluate-table.ts';
export { evaluationText } from './evaluation-text.ts';
