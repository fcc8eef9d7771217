import { startScorer } from '../pipeline/scorer-process.ts';
import { fill } from '../pipeline/producer.ts';
import { type Servers, startServers } from '../pipeline/servers.ts';
import { type EventMaker, eventsOf, type Shape, tenNumbers } from '../shapes/shapes.ts';
import { promoteShape, trainShape } from '../shapes/train-shape.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';

/** One row of the result. */
interface Row {
  readonly name: 'normal' | 'incident';
  readonly eventsPerSecond: number;
  /** Alerts and messages at the end of the run. */
  readonly alerts: number;
  readonly messages: number;
  /** Seconds after the last event until every anomaly was written out. */
  readonly backlogSeconds: number;
}

const SIZES = {
  full: { warmUp: 80_000, normal: 160_000, anomalies: 20_000, rounds: 5 },
  quick: { warmUp: 40_000, normal: 80_000, anomalies: 20_000, rounds: 1 },
} as const;
type Size = (typeof SIZES)['full' | 'quick'];

/** Share of the rate of normal events at which anomalies must be stored. */
const LEAST_SHARE = 0.5;
const PARTITIONS = 1;
/** Entities that the incident strikes; each has an alert of its own. */
const ENTITIES = 1_000;

/**
 * Incident benchmark: the whole scorer at full speed on normal events, and on as many anomalies in
 * a row as an incident has, of many entities. The anomalies follow upon normal events, which warm
 * the scorer up.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('incident', args, { rounds: { value: 'N', meaning: 'runs of each kind' } });
    const size = options.quick ? SIZES.quick : SIZES.full;
    console.log(`incident: ${size.anomalies} anomalies in a row; ${describeMachine()}`);
    const servers = await startServers();
    try {
      const rows = await measure(servers, size, options.count('rounds', size.rounds));
      print(rows);
      if (options.json) printJson({ bench: 'incident', rows });
    } finally {
      await servers.stop();
    }
  },
};

async function measure(servers: Servers, size: Size, rounds: number): Promise<Row[]> {
  const shape: Shape = { ...tenNumbers, key: 'entity', entities: ENTITIES };
  const model = await trainShape(shape, size.normal);
  const runs: Row[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const name of ['normal', 'incident'] as const) runs.push(await runOf(servers, name, shape, model, size));
  }
  return (['normal', 'incident'] as const).map((name) => {
    const own = runs.filter((run) => run.name === name);
    const middle = (value: (run: Row) => number): number => Math.round(median(own.map(value)));
    return {
      name,
      eventsPerSecond: middle(({ eventsPerSecond }) => eventsPerSecond),
      alerts: middle(({ alerts }) => alerts),
      messages: middle(({ messages }) => messages),
      backlogSeconds: median(own.map(({ backlogSeconds }) => backlogSeconds)),
    };
  });
}

async function runOf(
  { broker, postgres }: Servers,
  name: Row['name'],
  shape: Shape,
  model: Uint8Array,
  size: Size,
): Promise<Row> {
  const topic = `incident-${name}-${Date.now()}`;
  await broker.createTopic(topic, PARTITIONS);
  await broker.createTopic(`${topic}.alerts`, 1);
  const database = await postgres.createDatabase();
  try {
    await promoteShape(database.db, shape, topic, model);
    const events = size.warmUp + (name === 'normal' ? size.normal : size.anomalies);
    const event = name === 'normal' ? eventsOf(shape, 2) : breaking(shape, size.warmUp);
    await fill(broker.kafka, topic, events, { event, partitions: PARTITIONS });
    const task = { events, warmUpEvents: size.warmUp, scoring: true, profile: false };
    const { eventsPerSecond, backlogSeconds } = await startScorer(broker, database, task).result;
    const [found] = await database.query(
      `SELECT count(*)::float8 AS alerts, coalesce(sum(messages), 0)::float8 AS messages,
         (SELECT count(*) FROM flowline.anomalies)::float8 AS anomalies FROM flowline.v1_alerts`,
    );
    if (name === 'incident' && Number(found?.anomalies) < size.anomalies) {
      throw new Error(`${String(found?.anomalies)} of ${size.anomalies} anomalies were stored`);
    }
    const [alerts, messages] = [Number(found?.alerts), Number(found?.messages)];
    return { name, eventsPerSecond, alerts, messages, backlogSeconds };
  } finally {
    await database.close();
  }
}

/** Makes normal events, and from one index on only anomalies. */
function breaking(shape: Shape, from: number): EventMaker {
  const normal = eventsOf(shape, 2);
  const odd = eventsOf(shape, 2, shape.entities, 1);
  return (index, timeMs) => (index < from ? normal : odd)(index, timeMs);
}

function print(rows: readonly Row[]): void {
  const column = (title: string, value: (row: Row) => number) => ({
    title,
    align: 'right' as const,
    text: (row: Row) => value(row).toLocaleString('en'),
  });
  printTable<Row>(
    [
      { title: 'events', text: ({ name }) => name },
      column('events/s', ({ eventsPerSecond }) => eventsPerSecond),
      column('alerts', ({ alerts }) => alerts),
      column('messages', ({ messages }) => messages),
      column('written out after s', ({ backlogSeconds }) => Number(backlogSeconds.toFixed(1))),
    ],
    rows,
  );
  const [normal, incident] = rows;
  if (normal === undefined || incident === undefined) return;
  const share = incident.eventsPerSecond / normal.eventsPerSecond;
  const outcome = share >= LEAST_SHARE ? 'reached    ' : 'not reached';
  console.log(`${outcome}  ${share.toFixed(2)} of the rate of normal events (at least ${LEAST_SHARE})`);
}
