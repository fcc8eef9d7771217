import { many, one } from '../statement.ts';

/** Schema object, with the SQL that creates it. */
export interface SchemaObjectRow {
  readonly kind: 'table' | 'constraint' | 'index' | 'trigger' | 'function' | 'view' | 'comment';
  /** Table or view that it belongs to, or its own name. */
  readonly owner: string;
  readonly name: string;
  readonly definition: string;
}

/**
 * Selects all objects of the schema, except the migrator's own table and the daily partitions,
 * which come and go.
 */
export const selectSchemaObjects = many<SchemaObjectRow>(`
  WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, c.reloptions, c.relispartition
    FROM pg_class c
    WHERE c.relnamespace = 'flowline'::regnamespace AND c.relkind IN ('r', 'p', 'v')
      AND c.relname <> 'migrations' AND c.relname !~ '^(event_scores|scored_events)_\\d{4}_\\d{2}_\\d{2}$'
  ), columns AS (
    SELECT r.oid, string_agg(format('  %I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END,
        coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), ''),
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END), E',\\n' ORDER BY a.attnum) AS list
    FROM relation r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    GROUP BY r.oid
  )
  SELECT 'table' AS kind, r.relname AS owner, r.relname AS name,
    CASE WHEN r.relispartition
      THEN format('CREATE TABLE flowline.%I PARTITION OF %s %s', r.relname, i.inhparent::regclass,
        pg_get_expr(c.relpartbound, c.oid))
      ELSE format(E'CREATE TABLE flowline.%I (\\n%s\\n)', r.relname, columns.list) END
      || coalesce(' PARTITION BY ' || CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END, '')
      || coalesce(' WITH (' || array_to_string(r.reloptions, ', ') || ')', '') AS definition
  FROM relation r JOIN pg_class c ON c.oid = r.oid JOIN columns ON columns.oid = r.oid
  LEFT JOIN pg_inherits i ON i.inhrelid = r.oid
  WHERE r.relkind <> 'v'
  UNION ALL
  SELECT 'constraint', r.relname, k.conname,
    format('ALTER TABLE flowline.%I ADD CONSTRAINT %I %s', r.relname, k.conname, pg_get_constraintdef(k.oid))
  FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
  WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND NOT r.relispartition
  UNION ALL
  SELECT 'index', r.relname, x.relname, pg_get_indexdef(i.indexrelid)
  FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class x ON x.oid = i.indexrelid
  WHERE NOT r.relispartition
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = r.oid)
  UNION ALL
  SELECT 'trigger', r.relname, t.tgname, pg_get_triggerdef(t.oid)
  FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
  UNION ALL
  SELECT 'function', p.proname, p.proname, rtrim(pg_get_functiondef(p.oid), E'\\n')
  FROM pg_proc p WHERE p.pronamespace = 'flowline'::regnamespace
  UNION ALL
  SELECT 'view', r.relname, r.relname,
    format(E'CREATE VIEW flowline.%I AS\\n%s', r.relname, rtrim(pg_get_viewdef(r.oid), ';'))
  FROM relation r WHERE r.relkind = 'v'
  UNION ALL
  SELECT 'comment', r.relname, coalesce(a.attname, ''),
    format('COMMENT ON %s flowline.%I%s IS %L',
      CASE WHEN a.attname IS NOT NULL THEN 'COLUMN' WHEN r.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END,
      r.relname, coalesce('.' || quote_ident(a.attname), ''), d.description)
  FROM relation r JOIN pg_description d ON d.objoid = r.oid AND d.classoid = 'pg_class'::regclass
  LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.objsubid AND d.objsubid > 0
`);

/** Selects whether a table of this name exists in the search path. */
export const selectTableExists = one<{ exists: boolean }, { table: string }>(`
  SELECT to_regclass(:table) IS NOT NULL AS exists
`);
