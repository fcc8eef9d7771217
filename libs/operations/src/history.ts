export { checkColumns } from './check-columns.ts';
export { checkHistory } from './check-history.ts';
