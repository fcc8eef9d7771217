import type { Queryable } from '../database.ts';
import { many, maybe } from '../statement.ts';

/** Table or view that may be profiled. */
export interface ProfiledTableRow {
  readonly oid: number;
  /** Name with its schema, quoted where SQL needs it. */
  readonly name: string;
  readonly schema: string;
  readonly kind: 'table' | 'partitioned table' | 'view' | 'materialized view' | 'other';
  /** Rows by the statistics of Postgres; null if it has none. */
  readonly estimatedRows: number | null;
  readonly readable: boolean;
}

/** Selects the table of a name as SQL writes it; the search path applies. */
export const selectProfiledTable = maybe<ProfiledTableRow, { table: string }>(`
  SELECT c.oid::bigint AS oid, format('%I.%I', n.nspname, c.relname) AS name, n.nspname AS schema,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
      WHEN 'm' THEN 'materialized view' ELSE 'other' END AS kind,
    nullif(c.reltuples, -1)::float8 AS "estimatedRows",
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(:table)
`);

/** Column of a profiled table. */
export interface ProfiledColumnRow {
  readonly name: string;
  /** Name, quoted where SQL needs it. */
  readonly quoted: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly form: 'number' | 'time' | 'text' | 'boolean' | 'other';
}

/** Selects the columns of a table, in order. */
export const selectProfiledColumns = many<ProfiledColumnRow, { oid: number; limit: number }>(`
  SELECT a.attname AS name, quote_ident(a.attname) AS quoted, format_type(a.atttypid, a.atttypmod) AS type,
    NOT a.attnotnull AS nullable,
    CASE WHEN t.typcategory = 'N' AND t.typname <> 'money' AND t.typname NOT LIKE 'reg%' THEN 'number'
      WHEN t.typname IN ('date', 'timestamp', 'timestamptz') THEN 'time'
      WHEN t.typcategory IN ('S', 'E') THEN 'text' WHEN t.typcategory = 'B' THEN 'boolean' ELSE 'other' END AS form
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = :oid::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LIMIT :limit
`);

/** Figures of a column, of the rows that were read. */
export interface ColumnFiguresRow {
  readonly nulls: number;
  readonly distinct: number | null;
  /** Quantiles of numbers and times, as text: least, 5 %, median, 95 %, greatest. */
  readonly range: readonly string[] | null;
  /** Values of text, enums and booleans, up to one more than asked for. */
  readonly levels: readonly string[] | null;
}

/** Rows that are read: whole tables below the limit, otherwise random pages or the first rows. */
export interface ProfileSample {
  readonly rows: number;
  /** Percentage of random pages; null for none. */
  readonly percent: number | null;
  readonly levels: number;
  readonly characters: number;
}

/** Selects the figures of columns, from a bounded number of rows, in one pass. */
export async function selectFigures(
  client: Queryable,
  table: string,
  columns: readonly ProfiledColumnRow[],
  sample: ProfileSample,
): Promise<{ readonly rows: number; readonly figures: readonly ColumnFiguresRow[] }> {
  const pages = sample.percent === null ? '' : ` TABLESAMPLE SYSTEM (${sample.percent})`;
  const text = `SELECT count(*)::integer AS rows, json_build_array(${columns.map((column) => figuresOf(column, sample)).join(', ')}) AS figures
    FROM (SELECT ${columns.map(({ quoted }) => quoted).join(', ')} FROM ${table}${pages} LIMIT ${sample.rows}) AS sample`;
  const {
    rows: [found],
  } = await client.query(text);
  return found as { readonly rows: number; readonly figures: readonly ColumnFiguresRow[] };
}

function figuresOf({ quoted, form }: ProfiledColumnRow, { levels, characters }: ProfileSample): string {
  const text = `left(${quoted}::text, ${characters})`;
  const isOrdered = form === 'number' || form === 'time';
  const isLevel = form === 'text' || form === 'boolean';
  return `json_build_object(
    'nulls', count(*) - count(${quoted}),
    'distinct', ${form === 'other' ? 'NULL' : `count(DISTINCT ${text})`},
    'range', ${
      isOrdered
        ? `(percentile_disc(ARRAY[0, 0.05, 0.5, 0.95, 1]::float8[]) WITHIN GROUP (ORDER BY ${quoted}))::text[]`
        : 'NULL'
    },
    'levels', ${isLevel ? `(array_agg(DISTINCT ${text}) FILTER (WHERE ${quoted} IS NOT NULL))[1:${levels + 1}]` : 'NULL'})`;
}
