import type { Queryable } from './database.ts';

/** SQL statement as a function of its parameters, $1 first. */
export type Statement<Parameters extends readonly unknown[], Row> = (
  client: Queryable,
  ...parameters: Parameters
) => Promise<Row[]>;

/**
 * Creates a function from one SQL statement. The row type matches its select list or RETURNING
 * clause.
 */
export function statement<Parameters extends readonly unknown[], Row>(text: string): Statement<Parameters, Row> {
  return async (client, ...parameters) => (await client.query(text, [...parameters])).rows as Row[];
}
