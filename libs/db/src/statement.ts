import type { Queryable } from './database.ts';

/** A statement as a function of its parameters: $1 is the first. */
export type Statement<Parameters extends readonly unknown[], Row> = (
  client: Queryable,
  ...parameters: Parameters
) => Promise<Row[]>;

/** Makes a function of one SQL statement; the row type is what its select list or RETURNING names. */
export function statement<Parameters extends readonly unknown[], Row>(text: string): Statement<Parameters, Row> {
  return async (client, ...parameters) => (await client.query(text, [...parameters])).rows as Row[];
}
