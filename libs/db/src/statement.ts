import type { Queryable } from './database.ts';
import { excerpt } from './excerpt.ts';
import { positional } from './named-parameters.ts';

/**
 * SQL statement as a function of its parameters, by name. Its text names them `:detector` and so
 * on, and is turned into the driver's form once, when it is created. It is not a prepared
 * statement, which would belong to a session.
 */
export type Statement<Parameters, Result> = (client: Queryable, parameters: Readonly<Parameters>) => Promise<Result>;

/**
 * Creates a statement that always returns one row: an aggregate, or INSERT … RETURNING without ON
 * CONFLICT. `Row` matches the select list or the RETURNING clause; for a statement without
 * parameters, `Parameters` is left out.
 */
export function one<Row, Parameters = void>(text: string): Statement<Parameters, Readonly<Row>> {
  const select = many<Row, Parameters>(text);
  return async (client, parameters) => onlyRow(text, await select(client, parameters));
}

/** Creates a statement that returns one row or none, which is null; see {@link one}. */
export function maybe<Row, Parameters = void>(text: string): Statement<Parameters, Readonly<Row> | null> {
  const select = many<Row, Parameters>(text);
  return async (client, parameters) => {
    const rows = await select(client, parameters);
    return rows.length === 0 ? null : onlyRow(text, rows);
  };
}

/** Creates a statement that returns any number of rows, see {@link one}. */
export function many<Row, Parameters = void>(text: string): Statement<Parameters, Readonly<Row>[]> {
  const send = sender<Parameters>(text);
  return async (client, parameters) => (await send(client, parameters)).rows as Readonly<Row>[];
}

/** Creates a statement that is run for its effect and returns nothing, see {@link one}. */
export function execute<Parameters = void>(text: string): Statement<Parameters, void> {
  const send = sender<Parameters>(text);
  return async (client, parameters) => {
    await send(client, parameters);
  };
}

/** Row of a statement that returns exactly one. @throws Error for none, or several. */
function onlyRow<Row>(text: string, rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new Error(`${excerpt(text)} returned ${rows.length} rows instead of one`);
  return row;
}

function sender<Parameters>(source: string): Statement<Parameters, { readonly rows: unknown[] }> {
  const { text, names } = positional(source);
  const valueOf = (parameters: Readonly<Record<string, unknown>>, parameter: string): unknown => {
    const value = parameters[parameter];
    // The driver would send null.
    if (value === undefined) throw new Error(`${excerpt(source)} has no value for :${parameter}`);
    return value;
  };
  return async (client, parameters) =>
    client.query(
      text,
      names.map((parameter) => valueOf(parameters as Readonly<Record<string, unknown>>, parameter)),
    );
}
