// Starts docker-compose.yml and checks that an event produced to the topic becomes a scored row, an
// alert, and an anomaly of the API, which serves the pages beside it:
//   npm run test:compose       (needs the images `flowline` and `flowline-demo`, built)
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { at } from '@flowline/events';

import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';

import { createReadings, makeReadings } from '../integration/trainer-fixture.ts';
import { readTopic } from '../support/checker.ts';
import { javaClientUnavailable } from '../support/java-kafka.ts';
import { untilBrokerAnswers } from '../support/kafka/until-broker-answers.ts';
import { freePort } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const HISTORY = 3_000;
const EVENTS = 200;
const root = fileURLToPath(new URL('../../', import.meta.url));

const noJava = javaClientUnavailable();
if (noJava !== null) {
  process.stderr.write(`${noJava}\n`);
  process.exit(1);
}
const ports = { postgres: await freePort(), kafka: await freePort(), api: await freePort() };
const env = {
  ...process.env,
  COMPOSE_PROJECT_NAME: `flowline-test-${process.pid}`,
  COMPOSE_FILE: 'docker-compose.yml:test/compose/override.yml',
  FLOWLINE_POSTGRES_PORT: String(ports.postgres),
  FLOWLINE_KAFKA_PORT: String(ports.kafka),
  FLOWLINE_API_PORT: String(ports.api),
};
/** The compose plugin of docker, or the older docker-compose program. */
const tool = spawnSync('docker', ['compose', 'version']).status === 0 ? ['docker', 'compose'] : ['docker-compose'];

function compose(...args: string[]): string {
  const [program = '', ...first] = tool;
  const run = spawnSync(program, [...first, ...args], { cwd: root, env, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${tool.join(' ')} ${args.join(' ')} failed:\n${run.stdout}${run.stderr}`);
  return run.stdout;
}

function say(line: string): void {
  process.stdout.write(`${((performance.now() - startedMs) / 1000).toFixed(1)} s  ${line}\n`);
}

async function reach(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  await until(what, holds, { everyMs: 250 });
  say(what);
}

const healthOf = (service: string): string =>
  spawnSync('docker', ['inspect', '--format', '{{.State.Health.Status}}', compose('ps', '-q', service).trim()], {
    encoding: 'utf8',
  }).stdout.trim();

/** Asks the image for a token, reads the anomaly with it, and loads the pages and their script. */
async function checkPages(url: string): Promise<void> {
  const { text: token } = JSON.parse(
    compose('run', '--rm', 'flowline', 'tokens', 'create', 'pages', '--scope', 'read', '--json'),
  ) as { text: string };
  const anomalies = await load(`${url}/v1/anomalies?detector=readings`, { authorization: `Bearer ${token}` });
  if (!anomalies.includes('"odd"')) throw new Error(`the API does not have the anomaly: ${anomalies}`);
  const page = await load(`${url}/ui/`);
  const script = /<script[^>]* src="([^"]+)"/.exec(page)?.[1];
  if (script === undefined) throw new Error(`the page has no script: ${page}`);
  await load(new URL(script, `${url}/ui/`).href);
}

async function load(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url} answers with ${response.status}: ${await response.text()}`);
  return response.text();
}

const startedMs = performance.now();
const database = new pg.Pool({
  connectionString: `postgres://flowline:flowline@127.0.0.1:${ports.postgres}/flowline`,
  max: 2,
});
database.on('error', () => undefined);
const query = async (text: string, values: readonly unknown[] = []) =>
  (await database.query<Record<string, unknown>>(text, [...values])).rows;

try {
  compose('up', '-d', '--no-build', 'postgres', 'kafka', 'migrate');
  const broker = `127.0.0.1:${ports.kafka}`;
  await untilBrokerAnswers(broker);
  say('the broker answers');
  const kafka = new Kafka({ brokers: [broker], clientId: 'compose-test', logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = [
    { topic: 'readings', numPartitions: 2 },
    { topic: 'readings.alerts', numPartitions: 1 },
  ];
  await admin.createTopics({ topics, waitForLeaders: false });
  await admin.disconnect();
  await reach('the migrations have run', async () => {
    const [found] = await query(`SELECT to_regclass('flowline.scored_events') IS NOT NULL AS migrated`).catch(() => []);
    return found?.migrated === true;
  });
  await createReadings({ query }, makeReadings(HISTORY, 1));
  compose('run', '--rm', 'flowline', 'apply', '/detector.yaml');
  compose('up', '-d', '--no-build', 'trainer', 'scorer', 'api');
  await reach('the trainer is healthy', () => healthOf('trainer') === 'healthy');
  compose('run', '--rm', 'flowline', 'train', 'readings');
  say('a model is trained');
  await reach('the scorer is healthy', () => healthOf('scorer') === 'healthy');

  const events = makeReadings(EVENTS, 2).map((event, i) =>
    i === EVENTS / 2 ? { ...event, id: 'odd', flow: 1e6 } : event,
  );
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic: 'readings',
    messages: events.map((event, i) => ({ value: JSON.stringify(event), partition: i % 2 })),
  });
  await producer.disconnect();
  await reach('every event is a scored row', async () => {
    const [found] = await query('SELECT count(DISTINCT event_id)::integer AS n FROM flowline.scored_events');
    return found?.n === EVENTS;
  });
  await reach('the alert has arrived', async () => {
    const alerts = await readTopic([broker], 'readings.alerts');
    return alerts.some(({ value }) => (JSON.parse(value ?? '{}') as { event?: { id?: string } }).event?.id === 'odd');
  });

  await reach('the API is healthy', () => healthOf('api') === 'healthy');
  await checkPages(`http://127.0.0.1:${ports.api}`);
  say('the pages and the anomaly are served');

  const demo = compose('run', '--rm', 'demo', '--json', '--history', '3000', '--events', '200');
  if (!demo.includes('"events":200')) throw new Error(`the demo in its image said: ${demo}`);
  say('the demo runs in its image, with a Postgres of its own');
  compose('run', '--rm', 'demo', '--feed', '--history', '20000', '--events', '500', '--rate', '500');
  say('the demo has produced its flights');
  await reach('the flights of the demo are scored rows', async () => {
    const [found] = await query(
      `SELECT count(*)::integer AS n FROM flowline.scored_events WHERE detector = 'flights' AND model_version IS NOT NULL`,
    );
    return found?.n === 500;
  });
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write(spawnSync(at(tool, 0), [...tool.slice(1), 'ps'], { cwd: root, env, encoding: 'utf8' }).stdout);
  process.stdout.write(
    spawnSync(at(tool, 0), [...tool.slice(1), 'logs', '--tail=30'], { cwd: root, env, encoding: 'utf8' }).stdout,
  );
  process.exitCode = 1;
} finally {
  await database.end();
  compose('down', '-v', '--remove-orphans');
}
