import { statement } from '../statement.ts';

/** The migrations that were applied, in order. */
export const selectMigrations = statement<[], { readonly name: string }>(`
  SELECT name FROM flowline.migrations ORDER BY id
`);
