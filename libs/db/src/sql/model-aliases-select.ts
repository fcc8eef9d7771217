import { statement } from '../statement.ts';

/** Names that a model version may go by. */
export type ModelAlias = 'champion' | 'challenger' | 'previous';

/** The aliases of a detector, with the versions that they stand for. */
export const selectModelAliases = statement<
  [detector: string],
  { readonly alias: ModelAlias; readonly version: number; readonly updatedAt: Date }
>(`
  SELECT alias, version, updated_at AS "updatedAt" FROM flowline.model_aliases WHERE detector = $1
`);
