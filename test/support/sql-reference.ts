import type { Row } from './postgres.ts';

/** Runs a statement and returns its rows. */
type Query = (text: string, values?: readonly unknown[]) => Promise<Row[]>;

const VIEWS = `
  SELECT c.relname AS view, obj_description(c.oid) AS description,
    jsonb_agg(jsonb_build_array(i.column_name, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum))
      ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  JOIN information_schema.columns i
    ON i.table_schema = 'flowline' AND i.table_name = c.relname AND i.column_name = a.attname
  WHERE c.relnamespace = 'flowline'::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'v1\\_%'
  GROUP BY c.oid, c.relname ORDER BY c.relname`;

/** Section of docs/reference/sql.md that lists the views, from a migrated database. */
export async function sqlReference(query: Query): Promise<string> {
  return (await query(VIEWS)).map(viewSection).join('\n');
}

function viewSection({ view, description, columns }: Row): string {
  const rows = (columns as [string, string, string | null][]).map(
    ([name, type, meaning]) => `| \`${name}\` | ${typeName(type)} | ${(meaning ?? '').replaceAll('|', '\\|')} |`,
  );
  const about = String(description).replace(/^Stable: /, '');
  return [
    `### ${String(view)}`,
    '',
    about.charAt(0).toUpperCase() + about.slice(1),
    '',
    '| column | type | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

const typeName = (type: string): string => type.replace('timestamp with time zone', 'timestamptz');

/** The section between its marks in the page. */
export const SECTION = /(<!-- views:[^>]*-->\n)([\s\S]*?)(<!-- \/views -->)/;
