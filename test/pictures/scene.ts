import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createTableFromCsv } from '@flowline/db';
import type { Message } from 'kafkajs';

import { startTestApi, type TestApi } from '../support/api.ts';
import { startKafka, type TestKafka } from '../support/kafka.ts';
import { startPostgres, type TestDatabase } from '../support/postgres.ts';
import { startCli, startScorer, startTrainer, type ServiceProcess } from '../support/scorer-process.ts';
import { until, untilReached } from '../support/until.ts';
import { answerAlerts } from './answers.ts';
import { backdate } from './backdate.ts';
import { documents, turbines } from './documents.ts';
import { payments, paymentTable } from './payments.ts';
import { measurements, turbineTable } from './turbines.ts';

/** Services with a month of events behind them. */
export interface Scene {
  readonly database: TestDatabase;
  readonly brokers: readonly string[];
  /** Produces the last measurements slowly, until it is stopped. */
  readonly trickle: () => () => Promise<void>;
  readonly close: () => Promise<void>;
}

const [DAYS, HISTORY_DAYS] = [31, 45];
/** Share of the events that the first model scores. */
const FIRST_SHARE = 0.6;
/** Measurements that come while pictures are taken. */
const HELD_BACK = 288;
const STEP_MS = 600_000;
const PARTITIONS = 3;
const TRICKLE = { size: 6, everyMs: 250 } as const;

interface Parts {
  readonly database: TestDatabase;
  readonly kafka: TestKafka;
  readonly say: (line: string) => void;
}

/**
 * Sets up a wind farm and a shop: a history, models, and a month of events with faults up to now,
 * scored by the services themselves. The shape of the data is the same in every run.
 */
export async function startScene(say: (line: string) => void): Promise<Scene> {
  const postgres = await startPostgres();
  const kafka = await startKafka();
  const scorers: ServiceProcess[] = [];
  const close = async (): Promise<void> => {
    for (const scorer of scorers) scorer.child.kill('SIGTERM');
    await Promise.all(scorers.map(({ ended }) => ended));
    await kafka.stop();
    await postgres.stop();
  };
  try {
    const database = await postgres.createDatabase();
    const parts = { database, kafka, say };
    const end = new Date(Math.floor(Date.now() / STEP_MS) * STEP_MS);
    await prepare(parts, end);
    const brokers = kafka.brokers.join();
    const scorer = startScorer([], { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_KAFKA_BROKERS: brokers });
    scorers.push(scorer);
    const farm = measurements({ end, days: DAYS, seed: 11, isFaulty: true }).map((each) =>
      messageOf(each.turbine, each),
    );
    const last = farm.length - HELD_BACK;
    await stream(parts, scorer, farm.slice(0, last), end);
    await answerAlerts(database.db);
    await backdate(database);
    return { database, brokers: kafka.brokers, trickle: () => trickle(kafka, farm.slice(last)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Stores the histories, and has a first model of each learn from them. */
async function prepare(parts: Parts, end: Date): Promise<void> {
  await storeHistories(parts.database, end);
  await createTopics(parts.kafka);
  await apply(parts, documents());
  await train(parts, 'turbines');
  await train(parts, 'payments');
}

/** Starts the API over a scene. */
export const startSceneApi = ({ database, brokers }: Scene): Promise<TestApi> =>
  startTestApi(database.db, { env: { FLOWLINE_KAFKA_BROKERS: brokers.join() } });

async function storeHistories({ db }: TestDatabase, end: Date): Promise<void> {
  const before = new Date(end.getTime() - DAYS * 86_400_000);
  const options = { end: before, days: HISTORY_DAYS, isFaulty: false };
  await createTableFromCsv(db, turbineTable(measurements({ ...options, seed: 5 })));
  await createTableFromCsv(db, paymentTable(payments({ ...options, seed: 6 })));
}

async function createTopics({ kafka }: TestKafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    // Records are as old as their events.
    topics: ['turbines', 'payments', 'logins', 'alerts'].map((topic) => ({
      ...{ topic, numPartitions: PARTITIONS, configEntries: [{ name: 'retention.ms', value: '-1' }] },
    })),
  });
  await admin.disconnect();
}

async function apply({ database }: Parts, text: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-pictures-'));
  const file = path.join(folder, 'documents.yaml');
  await writeFile(file, text);
  await succeeded('flowline apply', startCli(['apply', file], { FLOWLINE_DATABASE_URL: database.url }));
  await rm(folder, { recursive: true });
}

async function train({ database, say }: Parts, detector: string): Promise<void> {
  say(`Training ${detector} …`);
  await succeeded('the training', startTrainer(['--once', detector], { FLOWLINE_DATABASE_URL: database.url }));
}

async function succeeded(what: string, service: ServiceProcess): Promise<void> {
  if ((await service.ended) !== 0) throw new Error(`${what} failed: ${service.stdout()}${service.stderr()}`);
}

const messageOf = (key: string, event: { readonly at: string }): Message => ({
  ...{ key, value: JSON.stringify(event), timestamp: String(new Date(event.at).getTime()) },
});

/** Has both models of the farm score their part, and that of the shop. */
async function stream(parts: Parts, scorer: ServiceProcess, farm: readonly Message[], end: Date): Promise<void> {
  const { kafka, say } = parts;
  say('Scoring a month of events …');
  const first = Math.floor(FIRST_SHARE * farm.length);
  await kafka.produce('turbines', farm.slice(0, first));
  await untilStored(parts, scorer, first);
  await apply(parts, turbines('45d', 3_000));
  await train(parts, 'turbines');
  await until('the scorer takes the second model', () => scores(parts, 2), { detail: scorer.stderr });
  await kafka.produce('turbines', [...farm.slice(first), ...brokenAfter(farm)]);
  const shop = payments({ end, days: DAYS, seed: 12, isFaulty: true }).map((event) => messageOf(event.shop, event));
  await kafka.produce('payments', shop);
  await untilStored(parts, scorer, farm.length + shop.length);
  await until('every anomaly is explained, and told', () => isSettled(parts), { detail: scorer.stderr });
}

/** Records that cannot be scored, of the last days. */
function brokenAfter(farm: readonly Message[]): readonly Message[] {
  const texts = ['{"turbine":"WT-04","power":', '{"turbine":"WT-08","at":"yesterday"}', '{"turbine":"WT-04"}'];
  return texts.map((value, i) => ({ key: 'WT-04', value, timestamp: farm.at(-200 * (i + 1))?.timestamp ?? '0' }));
}

const untilStored = ({ database }: Parts, scorer: ServiceProcess, wanted: number): Promise<void> =>
  untilReached(
    'stored events',
    wanted,
    async () => {
      const [row] = await database.query('SELECT sum(events)::integer AS n FROM flowline.score_summaries');
      return Number(row?.n);
    },
    { everyMs: 500, detail: scorer.stderr },
  );

async function scores({ database }: Parts, version: number): Promise<boolean> {
  const rows = await database.query(
    `SELECT FROM flowline.detectors_in_force WHERE detector = 'turbines' AND model_version = $1`,
    [version],
  );
  return rows.length > 0;
}

async function isSettled({ database }: Parts): Promise<boolean> {
  const [row] = await database.query(
    `SELECT (SELECT count(*) FROM flowline.anomalies WHERE deferred) +
       (SELECT count(*) FROM flowline.alert_outbox WHERE sent_at IS NULL) +
       (SELECT count(*) FROM flowline.anomaly_backlog) AS waiting`,
  );
  return Number(row?.waiting) === 0;
}

function trickle(kafka: TestKafka, messages: readonly Message[]): () => Promise<void> {
  const stop = new AbortController();
  const going = (async () => {
    for (let from = 0; from < messages.length && !stop.signal.aborted; from += TRICKLE.size) {
      await kafka.produce('turbines', messages.slice(from, from + TRICKLE.size));
      await sleep(TRICKLE.everyMs);
    }
  })();
  return () => {
    stop.abort();
    return going;
  };
}
