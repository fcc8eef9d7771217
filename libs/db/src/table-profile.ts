import { FlowlineError } from '@flowline/events';

import type { Database, Queryable } from './database.ts';
import { SCHEMA } from './migrate.ts';
import {
  type ColumnFiguresRow,
  type ProfiledTableRow,
  type ProfileSample,
  selectFigures,
  selectProfiledColumns,
  selectProfiledTable,
} from './sql/table-profiles.ts';
import { withTransaction } from './transaction.ts';

/** Figures of one column, of the rows that were read. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly nulls: number;
  /** Distinct values, by their first characters; null for types without text. */
  readonly distinct: number | null;
  /** Quantiles of numbers and times; null for others, and without values. */
  readonly range: {
    readonly least: string;
    readonly p05: string;
    readonly median: string;
    readonly p95: string;
    readonly greatest: string;
  } | null;
  /** Values of text with few levels, each shortened; null for others. */
  readonly levels: readonly string[] | null;
}

/** Contents of a table, for a person or a program that writes a detector for it. */
export interface TableProfile {
  readonly table: string;
  readonly kind: string;
  readonly estimatedRows: number | null;
  readonly readRows: number;
  /** Which rows were read. */
  readonly sample: 'every row' | 'rows of random pages' | 'the first rows';
  readonly columns: readonly ColumnProfile[];
  /** True if the table has more columns than are listed. */
  readonly moreColumns: boolean;
}

const MOST_ROWS = 10_000;
const MOST_COLUMNS = 64;
const MOST_LEVELS = 20;
const CHARACTERS = 100;
const TIMEOUT_MS = 10_000;

/** A name, or a schema and a name, plain or in double quotes. */
const NAME = /^(?:[A-Za-z_]\w{0,62}|"[^"\0]{1,63}")(?:\.(?:[A-Za-z_]\w{0,62}|"[^"\0]{1,63}"))?$/;

/**
 * Reads what the columns of a table or view hold, from at most 10,000 rows within ten seconds, in
 * a transaction that can change nothing. Flowline's own schema and those of Postgres are refused.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID for what is no name; FLOWLINE_NOT_FOUND for a
 * table that is not there or may not be read.
 */
export function profileTable(db: Database, table: string): Promise<TableProfile> {
  return withTransaction(
    db,
    async (client) => {
      const found = await readableTable(client, table);
      const columns = await selectProfiledColumns(client, { oid: found.oid, limit: MOST_COLUMNS + 1 });
      const listed = columns.slice(0, MOST_COLUMNS);
      const sample = sampleOf(found);
      const { rows, figures } = await selectFigures(client, found.name, listed, sample);
      return {
        table: found.name,
        kind: found.kind,
        estimatedRows: found.estimatedRows,
        readRows: rows,
        sample: sample.percent !== null ? 'rows of random pages' : rows < MOST_ROWS ? 'every row' : 'the first rows',
        columns: listed.map(({ name, type, nullable }, i) => ({ name, type, nullable, ...profileOf(figures[i]) })),
        moreColumns: columns.length > MOST_COLUMNS,
      };
    },
    { readOnly: true, timeoutMs: TIMEOUT_MS },
  );
}

/** Random pages of a large table; views and small tables are read from their start. */
function sampleOf({ kind, estimatedRows }: ProfiledTableRow): ProfileSample {
  const isLarge = estimatedRows !== null && estimatedRows > 4 * MOST_ROWS;
  const percent = kind === 'view' || !isLarge ? null : (200 * MOST_ROWS) / estimatedRows;
  return { rows: MOST_ROWS, percent, levels: MOST_LEVELS, characters: CHARACTERS };
}

function profileOf(figures: ColumnFiguresRow | undefined): Omit<ColumnProfile, 'name' | 'type' | 'nullable'> {
  const { nulls = 0, distinct = null, range = null, levels = null } = figures ?? {};
  const [least = null, p05 = null, median = null, p95 = null, greatest = null] = range ?? [];
  const isRange = least !== null && p05 !== null && median !== null && p95 !== null && greatest !== null;
  return {
    nulls,
    distinct,
    range: isRange ? { least, p05, median, p95, greatest } : null,
    levels: levels !== null && levels.length <= MOST_LEVELS ? levels : null,
  };
}

/**
 * Looks up a table or view that may be read. Flowline's own schema and those of Postgres are none.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID for what is no name; FLOWLINE_NOT_FOUND.
 */
export async function readableTable(client: Queryable, table: string): Promise<ProfiledTableRow> {
  if (!NAME.test(table)) throw noName(table);
  const found = await selectProfiledTable(client, { table });
  if (found?.schema === SCHEMA || found?.schema.startsWith('pg_') === true || found?.schema === 'information_schema') {
    throw new FlowlineError('FLOWLINE_NOT_FOUND', `${table} belongs to ${found.schema}, which is not profiled.`, {
      where: 'table',
      remedy: 'Name a table of your own.',
    });
  }
  if (found?.readable === true && found.kind !== 'other') return found;
  throw new FlowlineError('FLOWLINE_NOT_FOUND', `There is no table or view ${table} that this login may read.`, {
    where: 'table',
    remedy: 'Name its schema too, as in sales.orders, and grant SELECT on it to the login.',
  });
}

function noName(table: string): FlowlineError {
  return new FlowlineError('FLOWLINE_REQUEST_INVALID', `"${table.slice(0, 80)}" is not the name of a table.`, {
    where: 'table',
    remedy: 'Write orders or sales.orders, with double quotes around names in capitals.',
  });
}
