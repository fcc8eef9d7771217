import { setTimeout as sleep } from 'node:timers/promises';

import { messageOf } from '@flowline/events';

import { freePort, type TestDatabase } from '../../../test/support/postgres.ts';
import { type ScorerProcess, startScorer } from '../../../test/support/scorer-process.ts';
import { fill, produceAtRate, type Production } from '../pipeline/producer.ts';
import { type Servers, startServers } from '../pipeline/servers.ts';
import { FEATURES, PARTITIONS, promoteWorkload, trainWorkload } from '../pipeline/workload.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { scrape } from './scrape.ts';
import { judge, type MemoryVerdict, type Sample, type Verdicts } from './verdicts.ts';

const SHARE = 0.7;
/**
 * Events for measuring capacity, scored while they are produced. The first CAPACITY_FROM of them
 * are not timed.
 */
const CAPACITY_EVENTS = 200_000;
const CAPACITY_FROM = 0.25;
const SAMPLE_MS = 5_000;
const POLL_MS = 100;
/** The scorer counts as failed if nothing more is stored for this long. */
const STALL_MS = 60_000;
/** Lag is measured every quarter of this setting, so that each sample has a fresh value. */
const STALL_SETTING_MS = 4 * SAMPLE_MS;

/**
 * Soak benchmark: the scorer's own process under a steady load. Its memory, tensors and lag must
 * not grow.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('soak', args, {
      minutes: { value: 'N', meaning: 'how long the load lasts (default 10; with --quick 2)' },
      rate: { value: 'N', meaning: `events per second (default ${SHARE * 100} % of the capacity measured first)` },
    });
    const minutes = options.count('minutes', options.quick ? 2 : 10);
    console.log(`soak: ${minutes} min, d = ${FEATURES}, ${PARTITIONS} partitions; ${describeMachine()}`);
    const servers = await startServers();
    try {
      const scorer = await openScorer(servers);
      const capacity = options.get('rate') === undefined ? await scorer.capacity() : null;
      const rate = options.count('rate', Math.max(1, Math.round((SHARE * (capacity ?? 0)) / 100) * 100));
      const whence = capacity === null ? 'as asked for' : `${SHARE * 100} % of ${Math.round(capacity)} events/s`;
      console.log(`load: ${rate} events/s, ${whence}, the producer beside`);
      const { samples, missed, production, lost } = await scorer.soak(rate, minutes * 60);
      await scorer.stop();
      const held = Math.round(production.eventsPerSecond);
      console.log(`produced: ${production.events} events, ${held}/s of ${rate}/s`);
      const verdicts = judge(samples, rate, missed);
      const { memory, tensors, lag, metrics } = verdicts;
      const passed = memory.flat && tensors.constant && lag.bounded && metrics.answers && lost === 0;
      print(samples, verdicts, lost);
      if (options.json) {
        const result = {
          bench: 'soak',
          minutes,
          capacity,
          eventsPerSecond: rate,
          produced: production,
          rows: samples,
          verdicts,
          lost,
          passed,
        };
        printJson(result);
      }
      if (!passed) process.exitCode = 1;
    } finally {
      await servers.stop();
    }
  },
};

/** The product's scorer on its own topic. */
interface SoakedScorer {
  /** Events per second while a producer fills the topic at the same time. */
  capacity(): Promise<number>;
  /** Applies a load for a number of seconds, and samples the scorer meanwhile. */
  soak(rate: number, seconds: number): Promise<Soak>;
  stop(): Promise<void>;
}

interface Soak {
  readonly samples: readonly Sample[];
  /** Number of samples that got no answer. */
  readonly missed: number;
  readonly production: Production;
  /** Number of events never stored. */
  readonly lost: number;
}

async function openScorer({ broker, postgres }: Servers): Promise<SoakedScorer> {
  const topic = `soak-${Date.now()}`;
  await broker.createTopic(topic, PARTITIONS);
  await broker.createTopic(`${topic}.alerts`, 1);
  const database = await postgres.createDatabase();
  await promoteWorkload(database.db, topic, await trainWorkload());
  const port = await freePort();
  const scorer = startScorer([], {
    FLOWLINE_DATABASE_URL: database.url,
    FLOWLINE_KAFKA_BROKERS: broker.brokers.join(','),
    FLOWLINE_HTTP_PORT: String(port),
    FLOWLINE_LOG_LEVEL: 'warn',
    FLOWLINE_CONSUMER_STALL_MS: String(STALL_SETTING_MS),
  });
  const stored = (): Promise<number> =>
    countIn(database, 'SELECT coalesce(sum(next_offset), 0)::float8 AS n FROM flowline.stream_offsets');
  const untilStored = (events: number) => waitUntil(scorer, stored, events);
  let produced = 0;
  return {
    capacity: async () => {
      await fill(broker.kafka, topic, PARTITIONS);
      await untilStored(PARTITIONS);
      const filling = fill(broker.kafka, topic, CAPACITY_EVENTS, { first: PARTITIONS });
      filling.catch(() => undefined); // it is awaited below
      await untilStored(CAPACITY_EVENTS * CAPACITY_FROM);
      const [startMs, from] = [performance.now(), await stored()];
      produced = PARTITIONS + CAPACITY_EVENTS;
      await untilStored(produced);
      await filling;
      return ((produced - from) * 1_000) / (performance.now() - startMs);
    },
    soak: async (rate, seconds) => {
      const over = new AbortController();
      const sampling = sampleUntil(over.signal, port);
      let production: Production;
      try {
        production = await produceAtRate(broker.kafka, topic, rate, seconds);
        produced += production.events;
      } finally {
        over.abort();
      }
      const { samples, missed } = await sampling;
      await untilStored(produced);
      const rows = await countIn(database, 'SELECT count(*)::float8 AS n FROM flowline.scored_events');
      return { samples, missed, production, lost: produced - rows };
    },
    stop: async () => {
      scorer.child.kill('SIGTERM');
      await scorer.ended;
      await database.close();
    },
  };
}

/** Number that a query returns as n. */
async function countIn(database: TestDatabase, query: string): Promise<number> {
  const [row] = await database.query(query);
  return Number(row?.n);
}

/** Samples a service's metrics until the signal. */
async function sampleUntil(signal: AbortSignal, port: number): Promise<Pick<Soak, 'samples' | 'missed'>> {
  const samples: Sample[] = [];
  let missed = 0;
  const startMs = performance.now();
  for (;;) {
    const isOver = await sleep(SAMPLE_MS, false, { signal }).catch(() => true);
    if (isOver) return { samples, missed };
    const seconds = (performance.now() - startMs) / 1_000;
    try {
      samples.push({ seconds, ...(await scrape(port)) });
    } catch (error) {
      missed++;
      console.log(`no sample at ${Math.round(seconds)} s: ${messageOf(error)}`);
    }
  }
}

/**
 * Waits until `wanted` events are stored. @throws Error with the scorer's log if it has ended, or
 * after a minute without progress.
 */
async function waitUntil(scorer: ScorerProcess, stored: () => Promise<number>, wanted: number): Promise<void> {
  let last = -1;
  let movedMs = performance.now();
  for (;;) {
    const events = await stored();
    if (events >= wanted) return;
    if (events > last) movedMs = performance.now();
    last = events;
    if (scorer.child.exitCode !== null || performance.now() - movedMs > STALL_MS) {
      throw new Error(`the scorer stands at ${events} of ${wanted} events:\n${scorer.stderr().slice(-3_000)}`);
    }
    await sleep(POLL_MS);
  }
}

/** Approximate number of lines in the printed table. */
const LINES = 20;

function print(samples: readonly Sample[], { memory, tensors, lag, metrics }: Verdicts, lost: number): void {
  const every = Math.max(1, Math.ceil(samples.length / LINES));
  const number = (value: number, digits = 0): string => value.toLocaleString('en', { maximumFractionDigits: digits });
  printTable<Sample>(
    [
      { title: 'seconds', align: 'right', text: ({ seconds }) => number(seconds) },
      { title: 'resident MB', align: 'right', text: ({ residentMb }) => number(residentMb) },
      { title: 'heap MB', align: 'right', text: ({ heapMb }) => number(heapMb) },
      { title: 'external MB', align: 'right', text: ({ externalMb }) => number(externalMb) },
      { title: 'tensors', align: 'right', text: (sample) => number(sample.tensors) },
      { title: 'lag', align: 'right', text: ({ lagRecords }) => number(lagRecords) },
      { title: 'lag s', align: 'right', text: ({ lagSeconds }) => number(lagSeconds, 1) },
      { title: 'stored', align: 'right', text: ({ stored }) => number(stored) },
    ],
    samples.filter((_, i) => i % every === 0 || i === samples.length - 1),
  );
  const { heapFloorMb: heap } = memory;
  const growthOf = ({ growthMb: { slope, low, high } }: MemoryVerdict): string =>
    `${number(slope, 1)} MB (95 %: ${number(low, 1)} to ${number(high, 1)})`;
  const says = (holds: boolean): string => (holds ? 'holds' : 'FAILS');
  console.log(
    [
      `${says(memory.flat)}  memory flat: ${number(memory.medianMb)} MB resident after the warm-up, grown by ${growthOf(memory)}; ` +
        `heap after collections ${number(heap.middle)} MB in the middle third, ${number(heap.last)} MB in the last`,
      `${says(tensors.constant)}  tensors constant: ${tensors.least} to ${tensors.most}`,
      `${says(lag.bounded)}  lag bounded: at most ${number(lag.mostRecords)} records, ${number(lag.allowedRecords)} allowed`,
      `${says(metrics.answers)}  /metrics answers: ${metrics.missed} looks missed, ${number(metrics.slowestMs)} ms at most`,
      `${says(lost === 0)}  nothing lost: ${number(lost)} events`,
    ].join('\n'),
  );
}
