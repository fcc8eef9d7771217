import { statement } from '../statement.ts';

/** Selects the version of every detector's champion. */
export const selectChampionVersions = statement<[], { readonly detector: string; readonly version: number }>(`
  SELECT detector, version FROM flowline.model_aliases WHERE alias = 'champion'
`);
