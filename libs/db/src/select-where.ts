import type { Queryable } from './database.ts';
import { many, type Statement } from './statement.ts';

/**
 * Creates a select with conditions on its parameters, of which only those that are set are part of
 * its text: a condition such as `:entity IS NULL OR …` would lose its index once the server plans
 * for any value. `text` gets the WHERE clause.
 */
export function selectWhere<Row, Conditions extends object>(
  conditions: Readonly<Record<keyof Conditions, string>>,
  text: (where: string) => string,
): (client: Queryable, parameters: Partial<Conditions> & { readonly limit: number }) => Promise<Readonly<Row>[]> {
  const statements = new Map<string, Statement<object, Readonly<Row>[]>>();
  return (client, parameters) => {
    const names = (Object.keys(conditions) as (keyof Conditions)[]).filter((name) => parameters[name] !== undefined);
    const where = names.length === 0 ? '' : `WHERE ${names.map((name) => conditions[name]).join(' AND ')}`;
    const statement = statements.get(where) ?? many<Row, object>(text(where));
    statements.set(where, statement);
    return statement(client, parameters);
  };
}
