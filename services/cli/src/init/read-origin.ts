import { existsSync } from 'node:fs';

import { loadSettings, requireKafkaBrokers } from '@flowline/config';
import { sampleRecords, type SampledRows } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { createKafkaClient, firstRecords } from '@flowline/kafka';
import { decodeJson } from '@flowline/stream';
import { type DataTable, type DetectorOrigin, detectorName, formatOf, tableOfRecords } from '@flowline/tables';
import { silentLogger } from '@flowline/telemetry';

import { type FileOptions, readTableFile } from '../fit/table-file.ts';
import { withDatabase } from '../with-database.ts';

/** Rows from which a detector is written, and their origin. */
export interface ReadOrigin {
  readonly table: DataTable;
  readonly origin: DetectorOrigin;
  /** Name that the detector gets by default. */
  readonly name: string;
  readonly warnings: readonly string[];
}

/** Most rows of a table or query, and most records of a topic, that are read. */
const [MOST_ROWS, MOST_RECORDS, MOST_MS] = [100_000, 10_000, 60_000];
const TOPIC = 'topic:';
const QUERY = /^\s*(select|with|table|values)\s/i;

/**
 * Reads the rows that a detector is to be written for: those of a file (`-`: standard input), the
 * first ones of a query
 * (a text that begins with SELECT or WITH) or of a table, or the first records of a topic
 * (`topic:NAME`).
 * @throws FlowlineError of the place: FLOWLINE_FILE_UNREADABLE, FLOWLINE_NOT_FOUND,
 *   FLOWLINE_HISTORY_INVALID, FLOWLINE_TOPIC_MISSING and others.
 */
export async function readOrigin(from: string, options: FileOptions): Promise<ReadOrigin> {
  if (from.startsWith(TOPIC)) return ofTopic(from.slice(TOPIC.length));
  if (QUERY.test(from)) return ofRows({ query: from }, 'query');
  const isFile = from === '-' || /[/\\]/.test(from) || existsSync(from);
  if (isFile || options.format !== undefined || formatOf(from).kind !== undefined) return ofFile(from, options);
  // Nobody without a database means a table.
  if (loadSettings().database.url === null) throw nothingOf(from);
  return ofRows({ table: from }, from);
}

const nothingOf = (from: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${from} is no file here, and there is no database to find it in.`, {
    where: from,
    remedy: 'Check the path, or set FLOWLINE_DATABASE_URL for a table of that name.',
  });

async function ofFile(file: string, options: FileOptions): Promise<ReadOrigin> {
  const table = await readTableFile(file, options);
  const name = detectorName(file);
  const query = `select * from ${name.replaceAll('-', '_')}`;
  return { table, origin: { query, note: 'once its rows are in a table' }, name, warnings: [] };
}

async function ofRows(from: SampledRows, where: string): Promise<ReadOrigin> {
  const { query, records } = await withDatabase((db) => sampleRecords(db, from, MOST_ROWS), { migrated: false });
  return {
    table: filled(records, where),
    origin: { query },
    name: detectorName(where.split('.').at(-1) ?? where),
    warnings: [],
  };
}

async function ofTopic(topic: string): Promise<ReadOrigin> {
  const settings = loadSettings();
  const client = createKafkaClient({ ...settings.kafka, brokers: requireKafkaBrokers(settings), log: silentLogger });
  const values = await firstRecords(client, topic, { mostRecords: MOST_RECORDS, maxMs: MOST_MS });
  const records = values.flatMap((value) => {
    const decoded = decodeJson(value);
    return 'value' in decoded ? [decoded.value] : [];
  });
  const broken = values.length - records.length;
  const warnings = broken === 0 ? [] : [`${broken} of its first ${values.length} records are no JSON.`];
  return { table: filled(records, `topic ${topic}`), origin: { topic }, name: detectorName(topic), warnings };
}

function filled(records: readonly unknown[], where: string): DataTable {
  const table = tableOfRecords(records, where);
  if (table.size > 0) return table;
  throw new FlowlineError('FLOWLINE_HISTORY_TOO_SMALL', `There is no row of ${where} to profile.`, {
    where,
    remedy: 'Name a place with some history, or a file.',
  });
}
