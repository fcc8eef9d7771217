import { FlowlineError } from '@flowline/events';

import { startScorer } from '../pipeline/scorer-process.ts';
import type { ChildResult } from '../pipeline/scorer-child.ts';
import { type Servers, startServers } from '../pipeline/servers.ts';
import { fill } from '../pipeline/producer.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { postgresUse } from './postgres-use.ts';
import { eventsOf, type Shape, shapes } from './shapes.ts';
import { promoteShape, trainShape } from './train-shape.ts';

/** One row of the result. */
interface Row {
  readonly name: string;
  readonly eventsPerSecond: number;
  /** Events per second of d10 over this shape's. */
  readonly relative: number;
  readonly cpuMicrosPerEvent: number;
  readonly postgresMicrosPerEvent: number | null;
  readonly longestHoldMs: number;
  readonly bytesPerEvent: number;
  readonly walBytesPerEvent: number;
  readonly residentMb: number;
}
type Measured = Omit<Row, 'name' | 'relative'>;

const SIZES = { full: { share: 1, rounds: 3 }, quick: { share: 0.3, rounds: 1 } } as const;
/** One partition: windows and the order of their events are per partition. */
const PARTITIONS = 1;
/** Share of each run that is warm-up. */
const WARM_UP = 0.25;

/**
 * Shapes benchmark: the whole scorer at full speed on detectors and streams of different kinds,
 * with a real broker and a real Postgres that syncs to disk.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('shapes', args, {
      only: { value: 'NAMES', meaning: `some of ${shapes.map(({ name }) => name).join(', ')}; d10 is always run` },
      rounds: { value: 'N', meaning: 'runs per shape' },
    });
    const { share, rounds } = options.quick ? SIZES.quick : SIZES.full;
    const names = options.among(
      'only',
      shapes.map(({ name }) => name),
      shapes.map(({ name }) => name),
    );
    const wanted = shapes.filter(({ name }, i) => i === 0 || names.includes(name));
    console.log(`shapes: ${PARTITIONS} partition; ${describeMachine()}`);
    const servers = await startServers();
    try {
      const rows = await measure(servers, wanted, { share, rounds: options.count('rounds', rounds) });
      print(rows);
      if (options.json) printJson({ bench: 'shapes', rows });
    } finally {
      await servers.stop();
    }
  },
};

interface Size {
  readonly share: number;
  readonly rounds: number;
}

async function measure(servers: Servers, wanted: readonly Shape[], { share, rounds }: Size): Promise<Row[]> {
  const eventsIn = (shape: Shape): number => Math.round(shape.events * share);
  const models = new Map<string, Uint8Array>();
  for (const shape of wanted) models.set(shape.name, await trainShape(shape, eventsIn(shape)));
  const measured = new Map<string, Measured[]>(wanted.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const shape of wanted) {
      const model = models.get(shape.name) ?? new Uint8Array();
      measured.get(shape.name)?.push(await runShape(servers, shape, eventsIn(shape), model));
    }
  }
  const rows = [...measured].map(([name, runs]) => ({ name, ...medians(runs) }));
  const reference = rows[0]?.eventsPerSecond ?? NaN;
  return rows.map((row) => ({ ...row, relative: round(reference / row.eventsPerSecond) }));
}

async function runShape(
  { broker, postgres }: Servers,
  shape: Shape,
  events: number,
  model: Uint8Array,
): Promise<Measured> {
  const topic = `shape-${shape.name}-${Date.now()}`;
  await broker.createTopic(topic, PARTITIONS);
  await broker.createTopic(`${topic}.alerts`, 1);
  const database = await postgres.createDatabase();
  try {
    await promoteShape(database.db, shape, topic, model);
    await fill(broker.kafka, topic, events, { event: eventsOf(shape, 2), partitions: PARTITIONS });
    await database.query('CHECKPOINT');
    const before = await postgresUse(database);
    const task = { events, warmUpEvents: events * WARM_UP, scoring: true, profile: false };
    const result = await startScorer(broker, database, task).result;
    const after = await postgresUse(database);
    await checkAnomalies(database.query, shape, events);
    return {
      ...ofScorer(result),
      postgresMicrosPerEvent:
        before.cpuMicros === null || after.cpuMicros === null ? null : (after.cpuMicros - before.cpuMicros) / events,
      bytesPerEvent: (after.tableBytes - before.tableBytes) / events,
      walBytesPerEvent: (after.walBytes - before.walBytes) / events,
    };
  } finally {
    await database.close();
  }
}

/** Checks that a run had the anomalies of its shape: more, and it measured explanations instead. */
async function checkAnomalies(
  query: (text: string) => Promise<Readonly<Record<string, unknown>>[]>,
  { name, anomalies }: Shape,
  events: number,
): Promise<void> {
  const [row] = await query(
    'SELECT count(*)::float8 AS found, count(*) FILTER (WHERE deferred)::float8 AS deferred FROM flowline.anomalies',
  );
  const found = Number(row?.found) / events;
  const deferred = Number(row?.deferred);
  if (deferred > 0)
    console.log(`${name}: ${deferred} of ${Number(row?.found)} anomalies still wait for an explanation`);
  if (Math.abs(found - anomalies) <= 0.002) return;
  throw new FlowlineError('FLOWLINE_TRAINING_FAILED', `${name}: ${(100 * found).toFixed(2)} % anomalies`, {
    where: 'bench shapes',
    remedy: `Its model must fit its events: ${(100 * anomalies).toFixed(2)} % are planted.`,
  });
}

const ofScorer = (
  result: ChildResult,
): Pick<Measured, 'eventsPerSecond' | 'cpuMicrosPerEvent' | 'longestHoldMs' | 'residentMb'> => ({
  eventsPerSecond: result.eventsPerSecond,
  cpuMicrosPerEvent: result.processMicrosPerEvent,
  longestHoldMs: result.longestHoldMs,
  residentMb: result.residentMb,
});

function medians(runs: readonly Measured[]): Measured {
  const of = (value: (run: Measured) => number): number => round(median(runs.map(value)));
  return {
    eventsPerSecond: Math.round(of(({ eventsPerSecond }) => eventsPerSecond)),
    cpuMicrosPerEvent: of(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent),
    postgresMicrosPerEvent: runs.some(({ postgresMicrosPerEvent }) => postgresMicrosPerEvent === null)
      ? null
      : of(({ postgresMicrosPerEvent }) => postgresMicrosPerEvent ?? NaN),
    longestHoldMs: Math.round(of(({ longestHoldMs }) => longestHoldMs)),
    bytesPerEvent: Math.round(of(({ bytesPerEvent }) => bytesPerEvent)),
    walBytesPerEvent: Math.round(of(({ walBytesPerEvent }) => walBytesPerEvent)),
    residentMb: Math.round(of(({ residentMb }) => residentMb)),
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

function print(rows: readonly Row[]): void {
  const column = (title: string, value: (row: Row) => number | null) => ({
    title,
    align: 'right' as const,
    text: (row: Row) => value(row)?.toLocaleString('en') ?? '–',
  });
  printTable<Row>(
    [
      { title: 'shape', text: ({ name }) => name },
      column('events/s', ({ eventsPerSecond }) => eventsPerSecond),
      column('× d10', ({ relative }) => relative),
      column('CPU µs/event', ({ cpuMicrosPerEvent }) => cpuMicrosPerEvent),
      column('Postgres µs/event', ({ postgresMicrosPerEvent }) => postgresMicrosPerEvent),
      column('longest hold ms', ({ longestHoldMs }) => longestHoldMs),
      column('bytes/event', ({ bytesPerEvent }) => bytesPerEvent),
      column('WAL bytes/event', ({ walBytesPerEvent }) => walBytesPerEvent),
      column('MB', ({ residentMb }) => residentMb),
    ],
    rows,
  );
}
