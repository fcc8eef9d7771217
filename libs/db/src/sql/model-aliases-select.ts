import { statement } from '../statement.ts';

/** Alias of a model version. */
export type ModelAlias = 'champion' | 'challenger' | 'previous';

/** Selects the aliases of a detector, with their model versions. */
export const selectModelAliases = statement<
  [detector: string],
  { readonly alias: ModelAlias; readonly version: number; readonly updatedAt: Date }
>(`
  SELECT alias, version, updated_at AS "updatedAt" FROM flowline.model_aliases WHERE detector = $1
`);
