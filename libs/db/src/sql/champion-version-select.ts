import { statement } from '../statement.ts';

/** Selects the version of a detector's champion. */
export const selectChampionVersion = statement<[detector: string], { readonly version: number }>(`
  SELECT version FROM flowline.model_aliases WHERE detector = $1 AND alias = 'champion'
`);
