import { statement } from '../statement.ts';

/** Selects the encoding of the database, as Postgres names it. */
export const selectEncoding = statement<[], { readonly encoding: string }>(`
  SELECT pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = current_database()
`);
