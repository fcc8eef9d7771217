import { type DetectorDefinition, readDefinition } from '@flowline/config';
import {
  championVersion,
  connect,
  countEventHistory,
  requireIdentity,
  type Database,
  encodingFault,
  ensurePartitions,
  listDetectors,
  listWaitingAlerts,
  migrationStatus,
  outboxStatus,
  readPositions,
  type StoredDetector,
  type StreamPosition,
  summariseHistory,
} from '@flowline/db';
import { compareColumns } from '@flowline/features';
import { detectorStatus } from '@flowline/operations';

import { formatCount } from '../output.ts';
import { type DoctorFinding, failed, failure, finding, ok, skipped, warning } from './finding.ts';

/** Findings about the database, and its detectors for the checks that need them. */
export interface DatabaseFindings {
  readonly findings: readonly DoctorFinding[];
  readonly definitions: readonly DetectorDefinition[];
  /** Stored positions of each detector's topic, by detector name. */
  readonly positions: ReadonlyMap<string, readonly StreamPosition[]>;
}

const NOTHING = { definitions: [], positions: new Map() } satisfies Omit<DatabaseFindings, 'findings'>;

/** Checks the database: reachable, migrated, writable, and each detector's history and champion. */
export async function checkDatabase(url: string | null): Promise<DatabaseFindings> {
  if (url === null) {
    const remedy = 'Set FLOWLINE_DATABASE_URL, such as postgres://user@localhost:5432/flowline.';
    return { findings: [failed('database', 'FLOWLINE_DATABASE_URL is not set', remedy)], ...NOTHING };
  }
  let db: Database;
  try {
    db = await connect(url, { applicationName: 'flowline doctor', poolSize: 2 });
  } catch (error) {
    return { findings: [failure('database', error)], ...NOTHING };
  }
  try {
    const reachable = ok('database', `${db.address} answers`);
    const encoded = await finding('encoding', () => checkEncoding(db));
    const migrated = await finding('migrations', () => checkMigrations(db));
    if (migrated.status !== 'ok') {
      const later = skipped('detectors', 'needs the schema first');
      return { findings: [reachable, encoded, migrated, later], ...NOTHING };
    }
    const writable = await finding('permissions', () => checkPermissions(db));
    const identity = await finding('identity', async () =>
      ok('identity', `${await requireIdentity(db)}, on the server it was assigned on`),
    );
    const alerts = await finding('alerts', () => checkAlerts(db));
    const { findings, ...found } = await checkDetectors(db);
    return { findings: [reachable, encoded, migrated, writable, identity, alerts, ...findings], ...found };
  } finally {
    await db.close();
  }
}

async function checkEncoding(db: Database): Promise<DoctorFinding> {
  const fault = await encodingFault(db);
  return fault === null ? ok('encoding', 'UTF8') : warning('encoding', fault.message, fault.remedy);
}

async function checkMigrations(db: Database): Promise<DoctorFinding> {
  const { applied, pending } = await migrationStatus(db);
  if (pending.length === 0) return ok('migrations', `${applied.length} applied, none pending`);
  return failed('migrations', `pending: ${pending.join(', ')}`, 'Run `flowline migrate`.');
}

/**
 * Creates the partitions of the next days, which is what a scorer does first and needs the same
 * permissions.
 */
async function checkPermissions(db: Database): Promise<DoctorFinding> {
  await ensurePartitions(db);
  return ok('permissions', 'the role may create partitions');
}

/** Wait of an alert from which its sink is pointed out, in seconds. */
const LONG_WAIT_SECONDS = 60;

/** Counts pending alerts and those that their sink refuses, and names what the oldest waits for. */
async function checkAlerts(db: Database): Promise<DoctorFinding> {
  const { pending, dead, oldestSeconds } = await outboxStatus(db);
  const found = [`${formatCount(pending)} waiting to be sent`];
  const remedies: string[] = [];
  if (oldestSeconds !== null && oldestSeconds > LONG_WAIT_SECONDS) {
    found.push(await longestWait(db, oldestSeconds));
    remedies.push(
      'See `flowline alerts waiting`; `flowline alerts set-aside` sets aside the queue of a topic that is gone.',
    );
  }
  if (dead > 0) {
    found.push(`${formatCount(dead)} set aside: their sink rejects them`);
    remedies.push('See `flowline alerts dead ls`; `flowline alerts dead redrive` sends them again.');
  }
  return remedies.length === 0
    ? ok('alerts', found.join(', '))
    : warning('alerts', found.join(', '), remedies.join(' '));
}

async function longestWait(db: Database, seconds: number): Promise<string> {
  const queue = (await listWaitingAlerts(db)).find(({ sink }) => sink !== 'stdout');
  const where = queue === undefined ? '' : ` of ${queue.detector} for ${queue.topic === '' ? queue.sink : queue.topic}`;
  const why = queue?.error == null ? '' : `: ${queue.error}`;
  return `the oldest${where} for ${formatCount(Math.round(seconds))} s${why}`;
}

async function checkDetectors(db: Database): Promise<DatabaseFindings> {
  const detectors = await listDetectors(db);
  if (detectors.length === 0) {
    const none = warning('detectors', 'none has been applied', 'Apply one: `flowline apply detector.yaml`.');
    return { findings: [none], ...NOTHING };
  }
  const findings: DoctorFinding[] = [];
  const definitions: DetectorDefinition[] = [];
  for (const stored of detectors) {
    const { name, version, definition, state } = stored;
    findings.push(
      await finding(`detector ${name}`, () => {
        const read = readDefinition(definition, `${name}, version ${version}`);
        definitions.push(read);
        const rests = state === 'paused' ? ', paused' : '';
        return ok(`detector ${name}`, `version ${version}, ${read.features.length} features${rests}`);
      }),
    );
    findings.push(...(await checkInForce(db, stored)));
  }
  for (const definition of definitions) {
    const check = `history of ${definition.name}`;
    findings.push(await finding(check, () => checkHistory(db, check, definition)));
  }
  const positions = new Map<string, readonly StreamPosition[]>();
  for (const { name, source } of definitions) {
    if (source.kafka !== null) positions.set(name, await readPositions(db, name, source.kafka.topic));
  }
  return { findings, definitions, positions };
}

/** Reports the model that scores a detector, with a warning per reason why it is not the newest. */
async function checkInForce(db: Database, stored: StoredDetector): Promise<DoctorFinding[]> {
  const { name } = stored;
  const check = `champion of ${name}`;
  try {
    const { aliases, scoring, findings } = await detectorStatus(db, stored);
    const { champion } = aliases;
    const by = scoring?.modelVersion == null ? '' : `; scoring: version ${scoring.modelVersion}`;
    return [
      ...(champion === null ? [] : [ok(check, `model version ${champion}${by}`)]),
      ...findings.map(({ code, reason, remedy }) => warning(`state of ${name}`, `${code}: ${reason}`, remedy)),
    ];
  } catch (error) {
    return [failure(check, error)];
  }
}

/** Checks a detector whose history is stored by the scorer. */
async function checkCollected(db: Database, check: string, definition: DetectorDefinition): Promise<DoctorFinding> {
  const { name, training } = definition;
  if ((await championVersion(db, name)) !== null) return ok(check, 'the events that are stored');
  const rows = await countEventHistory(db, name, training.firstModelRows);
  const enough = rows >= training.firstModelRows ? ' or more' : '';
  const of = `the first model is trained at ${formatCount(training.firstModelRows)}`;
  return ok(check, `collecting: ${formatCount(rows)}${enough} events are stored; ${of}`);
}

async function checkHistory(db: Database, check: string, definition: DetectorDefinition): Promise<DoctorFinding> {
  const { query, timeColumn } = definition.history;
  if (query === null) return checkCollected(db, check, definition);
  const { rows, columns } = await summariseHistory(db, { query, timeColumn, timeUnit: definition.source.time.unit });
  const { missing, unmatchable } = compareColumns(definition.features, definition.source.key ?? [], columns);
  if (missing.length > 0) {
    const remedy = `Add them to the query, or correct the features; the query has ${columns.map(({ name }) => name).join(', ')}.`;
    return failed(check, `it lacks the columns ${missing.join(', ')}`, remedy);
  }
  if (unmatchable.length > 0) {
    const names = unmatchable.map(({ name }) => name).join(', ');
    const remedy = 'Cast them in the query to the text that events have, or use a part of the time (timePart).';
    return failed(check, `no event can match levels or keys that are timestamps or JSON documents: ${names}`, remedy);
  }
  if (rows === 0) return warning(check, 'no rows', 'Fill the table, or correct the query.');
  return ok(check, `${formatCount(rows)} rows`);
}
