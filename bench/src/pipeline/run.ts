import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { TestKafka } from '../../../test/support/kafka.ts';
import type { TestDatabase, TestPostgres } from '../../../test/support/postgres.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { runPeer } from '../support/python.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { fill, produceAtRate } from './producer.ts';
import type { ChildResult } from './scorer-child.ts';
import { type RunningChild, startScorer } from './scorer-process.ts';
import { type Servers, startServers } from './servers.ts';
import { FEATURES, PARTITIONS, promoteWorkload, trainWorkload } from './workload.ts';

/** One row of the result. */
interface Row {
  readonly name: string;
  readonly eventsPerSecond: number;
  readonly cpuMicrosPerEvent: Readonly<Record<string, number>>;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

const SIZES = {
  full: { events: 400_000, rounds: 3, seconds: 20 },
  quick: { events: 120_000, rounds: 1, seconds: 8 },
} as const;
/** Share of each run that is warm-up. */
const WARM_UP = 0.25;
const RATES = [1_000, 10_000] as const;
/** Share of a rate that must be produced for the rate to count as sustained. */
const HELD = 0.98;
/** Events stored before a steady run begins, so that the scorer is up when it does. */
const FIRST_EVENTS = 2_000;

/**
 * Pipeline benchmark: the whole scorer at full speed and at steady rates, with a real broker, a
 * real Postgres that syncs to disk, and every event stored.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('pipeline', args, {
      peers: { meaning: 'run the Python consumer too (npm run bench:peers-install)' },
      events: { value: 'N', meaning: 'events of a run at full speed' },
    });
    const size = options.quick ? SIZES.quick : SIZES.full;
    const events = options.count('events', size.events);
    console.log(`pipeline: d = ${FEATURES}, 8 couplings of [64, 64], ${PARTITIONS} partitions; ${describeMachine()}`);
    const servers = await startServers();
    try {
      const rows = await measure(servers, { ...size, events, peers: options.has('peers') });
      print(rows);
      if (options.json) printJson({ bench: 'pipeline', rows });
    } finally {
      await servers.stop();
    }
  },
};

async function measure(
  { broker, postgres }: Servers,
  plan: { readonly events: number; readonly rounds: number; readonly seconds: number; readonly peers: boolean },
): Promise<Row[]> {
  const model = await trainWorkload();
  let topics = 0;
  const open = async (): Promise<{ topic: string; database: TestDatabase }> => {
    const topic = `bench-${topics++}-${Date.now()}`;
    await broker.createTopic(topic, PARTITIONS);
    await broker.createTopic(`${topic}.alerts`, 1);
    const database = await postgres.createDatabase();
    await promoteWorkload(database.db, topic, model);
    return { topic, database };
  };
  const flatOut = async (scoring: boolean, profile = false): Promise<ChildResult> => {
    const { topic, database } = await open();
    await fill(broker.kafka, topic, plan.events);
    await database.query('CHECKPOINT');
    const warmUpEvents = plan.events * WARM_UP;
    const result = await startScorer(broker, database, { events: plan.events, warmUpEvents, scoring, profile }).result;
    await database.close();
    return result;
  };
  const steady = async (rate: number): Promise<Row> => {
    const { topic, database } = await open();
    const events = FIRST_EVENTS + rate * plan.seconds;
    const warmUpEvents = FIRST_EVENTS + rate * plan.seconds * WARM_UP;
    await fill(broker.kafka, topic, FIRST_EVENTS);
    const run = startScorer(broker, database, { events, warmUpEvents, scoring: true, profile: false });
    await run.ready;
    await produceSteadily(broker, topic, rate, plan.seconds);
    const result = await run.result;
    await database.close();
    return { ...rowOf(`scored@${rate}/s`, [result]), p50Ms: result.p50Ms, p99Ms: result.p99Ms };
  };

  /** The highest rate with a producer on the same cores. Runs on full topics have no producer. */
  const highestRate = async (): Promise<number> => {
    const { topic, database } = await open();
    await fill(broker.kafka, topic, FIRST_EVENTS);
    const events = FIRST_EVENTS + plan.events / 2;
    const run = startScorer(broker, database, {
      events,
      warmUpEvents: events * WARM_UP,
      scoring: true,
      profile: false,
    });
    await run.ready;
    await fill(broker.kafka, topic, plan.events / 2, { first: FIRST_EVENTS });
    const { eventsPerSecond } = await run.result;
    await database.close();
    return eventsPerSecond;
  };

  const runs: Record<'scored' | 'unscored' | 'python', ChildResult[]> = { scored: [], unscored: [], python: [] };
  for (let round = 0; round < plan.rounds; round++) {
    // Minutes apart on the same machine, so that the same noise slows both.
    runs.scored.push(await flatOut(true));
    runs.unscored.push(await flatOut(false));
    if (plan.peers) runs.python.push(await python(broker, postgres, plan.events, topics++));
  }
  const profile = await flatOut(true, true);
  const unscoredProfile = await flatOut(false, true);
  const rows = [rowOf('scored', runs.scored, profile), rowOf('unscored', runs.unscored, unscoredProfile)];
  for (const rate of RATES) rows.push(await steady(rate));
  const most = await highestRate();
  console.log(`highest rate with the producer beside: ${Math.round(most).toLocaleString('en')} events/s`);
  rows.push({ ...(await steady(Math.round((0.8 * most) / 1000) * 1000)), name: 'scored@80%' });
  if (plan.peers) {
    const latency = await pythonSteady(broker, postgres, plan.seconds, topics++);
    rows.push({ ...rowOf('python', runs.python), p50Ms: latency.p50Ms, p99Ms: latency.p99Ms });
  }
  return rows;
}

function rowOf(name: string, results: readonly ChildResult[], profile?: ChildResult): Row {
  const of = (value: (result: ChildResult) => number): number => round(median(results.map(value)));
  const cpu: Record<string, number> = { process: of(({ processMicrosPerEvent }) => processMicrosPerEvent) };
  for (const [stage, micros] of Object.entries(profile?.stageMicrosPerEvent ?? {})) cpu[stage] = round(micros);
  return {
    name,
    eventsPerSecond: Math.round(of(({ eventsPerSecond }) => eventsPerSecond)),
    cpuMicrosPerEvent: cpu,
    p50Ms: null,
    p99Ms: null,
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

function print(rows: readonly Row[]): void {
  const number = (value: number | null): string => (value === null ? '–' : value.toLocaleString('en'));
  printTable<Row>(
    [
      { title: 'run', text: ({ name }) => name },
      { title: 'events/s', align: 'right', text: ({ eventsPerSecond }) => number(eventsPerSecond) },
      { title: 'p50 ms', align: 'right', text: ({ p50Ms }) => number(p50Ms) },
      { title: 'p99 ms', align: 'right', text: ({ p99Ms }) => number(p99Ms) },
      {
        title: 'CPU µs/event',
        text: ({ cpuMicrosPerEvent }) =>
          Object.entries(cpuMicrosPerEvent)
            .map(([stage, micros]) => `${stage} ${micros}`)
            .join(', '),
      },
    ],
    rows,
  );
  const rate = (name: string): number => rows.find((row) => row.name === name)?.eventsPerSecond ?? NaN;
  console.log(`scored / unscored: ${(rate('scored') / rate('unscored')).toFixed(2)}`);
  if (rows.some(({ name }) => name === 'python')) {
    console.log(`scored / python: ${(rate('scored') / rate('python')).toFixed(2)}`);
  }
}

/**
 * Produces at a rate, and prints if the rate was not sustained: the latencies are then those of a
 * lower rate.
 */
async function produceSteadily({ kafka }: TestKafka, topic: string, rate: number, seconds: number): Promise<void> {
  const { eventsPerSecond } = await produceAtRate(kafka, topic, rate, seconds);
  if (eventsPerSecond < HELD * rate) {
    console.log(`the producer made ${Math.round(eventsPerSecond)} of ${rate} events/s`);
  }
}

/** Runs the Python consumer on the same events at full speed. */
async function python(broker: TestKafka, postgres: TestPostgres, events: number, index: number): Promise<ChildResult> {
  const { run, topic, close } = await openPython(broker, postgres, index, { events, warmUp: events * WARM_UP });
  await fill(broker.kafka, topic, events);
  const result = await run().result;
  await close();
  return result;
}

/** Runs the Python consumer at the lowest steady rate. */
async function pythonSteady(
  broker: TestKafka,
  postgres: TestPostgres,
  seconds: number,
  index: number,
): Promise<ChildResult> {
  const [rate] = RATES;
  const events = FIRST_EVENTS + rate * seconds;
  const warmUp = FIRST_EVENTS + rate * seconds * WARM_UP;
  const { run, topic, close } = await openPython(broker, postgres, index, { events, warmUp });
  await fill(broker.kafka, topic, FIRST_EVENTS);
  const { ready, result } = run();
  await Promise.race([ready, result]);
  await produceSteadily(broker, topic, rate, seconds);
  await result;
  await close();
  return result;
}

/** Opens a topic and an empty database for the Python consumer. `run` starts it. */
async function openPython(
  broker: TestKafka,
  postgres: TestPostgres,
  index: number,
  more: { readonly events: number; readonly warmUp: number },
): Promise<{ run: () => RunningChild; topic: string; close: () => Promise<void> }> {
  const topic = `python-${index}-${Date.now()}`;
  await broker.createTopic(topic, PARTITIONS);
  const database = await postgres.createDatabase({ migrated: false });
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-python-'));
  const task = path.join(folder, 'task.json');
  const content = { brokers: broker.brokers.join(','), database: database.url, topic, features: FEATURES, ...more };
  await writeFile(task, JSON.stringify(content));
  return {
    topic,
    run: () => {
      let isReady: () => void = () => undefined;
      const ready = new Promise<void>((resolve) => (isReady = resolve));
      const result = runPeer<ChildResult>('pipeline.py', [task], { threads: 2, onLine: () => isReady() });
      return { ready, result };
    },
    close: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}
