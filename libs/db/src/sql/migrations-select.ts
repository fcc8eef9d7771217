import { statement } from '../statement.ts';

/** Selects the applied migrations, in order. */
export const selectMigrations = statement<[], { readonly name: string }>(`
  SELECT name FROM flowline.migrations ORDER BY id
`);
