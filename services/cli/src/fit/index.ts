export { fitTable, type FittedTable } from './fit-table.ts';
export { type FitPlan, planFit } from './plan.ts';
export { showingProgress } from './progress.ts';
export { trainingLines } from '@flowline/trainer';
