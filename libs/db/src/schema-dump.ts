import type { Database } from './database.ts';
import { type SchemaObjectRow, selectSchemaObjects } from './sql/schema.ts';
import { withTransaction } from './transaction.ts';

/** Parts of a table, in the order in which they are written. */
const PARTS = ['table', 'view', 'constraint', 'index', 'trigger', 'comment'] as const;

const rank = (row: SchemaObjectRow) => PARTS.findIndex((kind) => kind === row.kind);
const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Writes the schema as text, the same for the same schema on one major version of Postgres:
 * functions first, then each table or view with its parts. It is for reading and comparing;
 * `migrate` creates the schema.
 */
export async function schemaDump(db: Database): Promise<string> {
  const rows = await withTransaction(
    db,
    async (client) => {
      // Without a search path, every name is written with its schema.
      await client.query("SET LOCAL search_path = ''");
      return selectSchemaObjects(client);
    },
    { readOnly: true },
  );
  const functions = rows.filter((row) => row.kind === 'function').sort((a, b) => compareText(a.name, b.name));
  const others = rows
    .filter((row) => row.kind !== 'function')
    .sort((a, b) => compareText(a.owner, b.owner) || rank(a) - rank(b) || compareText(a.name, b.name));
  const blocks = [...functions, ...others].map((row, index, all) => {
    const before = all[index - 1];
    const gap = before !== undefined && (before.owner !== row.owner || row.kind === 'function') ? '\n' : '';
    return `${gap}${row.definition};\n`;
  });
  return `-- Schema that the migrations create. Written from the database and compared in a test; change it by a migration.\n\n${blocks.join('')}`;
}
