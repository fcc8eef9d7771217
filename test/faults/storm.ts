import { setTimeout as sleep } from 'node:timers/promises';

import type { DetectorDefinition } from '@flowline/config';
import { applyResource } from '@flowline/db';

import { startServer } from '../../libs/sinks/src/testing/http-server.ts';
import { type CheckReport, readTopic } from '../support/checker.ts';
import { oddEvent, testEvents } from '../support/scorer-model.ts';
import type { ScorerProcess } from '../support/scorer-process.ts';
import { watchInvariant } from './invariant-reader.ts';
import type { Stage } from './stage.ts';

/** Alert as it is stored. */
export interface StoredAlert {
  readonly id: string;
  /** True if it stands for other alerts, which it counts instead of anomalies. */
  readonly isStorm: boolean;
  readonly count: number;
  readonly messages: number;
}

/** Result of a storm. */
export interface StormReport {
  readonly check: CheckReport;
  /**
   * Number of polls by the concurrent invariant reader. `violations` lists the broken invariants
   * that it saw.
   */
  readonly looks: number;
  readonly violations: readonly string[];
  readonly recoverySeconds: number;
  /** Ids of the alerts of anomalies in Postgres, by event id. */
  readonly alertOfEvent: ReadonlyMap<string, string>;
  /** Alerts in Postgres. */
  readonly alerts: readonly StoredAlert[];
  /** Ids of the events that the test made as anomalies. */
  readonly oddEvents: readonly string[];
  /** Messages on the alert topic, in order. */
  readonly arrived: readonly string[];
  /** Alerts that a webhook took, which failed three times in ten. */
  readonly hooked: readonly string[];
  readonly faults: string;
}

const PARTITIONS = 6;
const SCORERS = 3;
/**
 * Longer than the session timeout, so that a stopped scorer has lost its partitions when it
 * resumes.
 */
const PAUSE_MS = 15_000;

/** Alerts of a minute of event time that reopen within five: bursts of anomalies have both. */
const ALERTS: Partial<DetectorDefinition['alerts']> = {
  ...{ groupBy: ['feature'], cooldownMs: 1, resolveAfterMs: 60_000, mergeGapMs: 300_000, sendResolved: true },
};
/** Bursts of four anomalies, now five minutes apart, now ten, and an incident of 1,500 in a row. */
const isOdd = (i: number): boolean =>
  i % 900 < 4 || (i % 900 >= 300 && i % 900 < 304) || (i % 12_000 >= 4_000 && i % 12_000 < 5_500);

const storms = new WeakMap<Stage, Promise<StormReport>>();

/**
 * Runs three scorers with alerts while processes, broker and database are killed and stopped. Runs
 * once per stage; the rows that use it share its report.
 */
export function storm(stage: Stage): Promise<StormReport> {
  const known = storms.get(stage) ?? runStorm(stage);
  storms.set(stage, known);
  return known;
}

async function runStorm(stage: Stage): Promise<StormReport> {
  const size = stage.quick
    ? { events: 12_000, seconds: 50, kills: 2, pauses: 1, brokers: 1, databases: 1 }
    : { events: 100_000, seconds: 240, kills: 5, pauses: 3, brokers: 2, databases: 2 };
  const stream = await stage.open('storm', { partitions: PARTITIONS, alerts: ALERTS, sinks: ['hook'] });
  const hook = await startFlakyHook();
  const webhook = { url: hook.url, allow: ['127.0.0.1'], timeout: '5s' };
  await applyResource(stream.parts.database.db, { kind: 'Sink', name: 'hook', spec: { webhook, retryFor: '1d' } });
  const scorers: ScorerProcess[] = Array.from({ length: SCORERS }, () => stream.start());
  const events = testEvents(size.events, 21).map((event, i) =>
    isOdd(i) ? { ...oddEvent(event.id), ts: event.ts } : event,
  );
  const reader = watchInvariant(stream);
  const producing = stream.producePaced(
    events.map((event) => ({ value: JSON.stringify(event) })),
    size.seconds,
  );
  // Producing outlasts the faults. A failure is rethrown where the promise is awaited.
  producing.catch(() => undefined);
  await stream.untilStored(size.events / 50);

  const kill = async (turn: number): Promise<void> => {
    const victim = scorers[turn % SCORERS];
    victim?.child.kill('SIGKILL');
    await victim?.ended;
    scorers[turn % SCORERS] = stream.start();
  };
  const pause = async (turn: number): Promise<void> => {
    const stopped = scorers[turn % SCORERS];
    stopped?.child.kill('SIGSTOP');
    await sleep(PAUSE_MS);
    stopped?.child.kill('SIGCONT');
  };
  const restart = async (server: { kill(): Promise<void>; start(): Promise<void> }): Promise<void> => {
    await server.kill();
    await sleep(2_000);
    await server.start();
  };
  const faults: [string, () => Promise<void>][] = [];
  for (let turn = 0; turn < Math.max(size.kills, size.pauses, size.brokers, size.databases); turn++) {
    if (turn < size.pauses) faults.push(['SIGSTOP of a scorer', () => pause(turn)]);
    if (turn < size.brokers) faults.push(['broker killed', () => restart(stage.broker)]);
    if (turn < size.databases) faults.push(['Postgres killed', () => restart(stage.postgres)]);
    if (turn < size.kills) faults.push(['SIGKILL of a scorer', () => kill(turn)]);
  }
  const betweenMs = Math.max(500, (size.seconds * 1_000 - size.pauses * PAUSE_MS) / (2 * faults.length));
  for (const [what, fault] of faults) {
    stage.say(what);
    await fault();
    await sleep(betweenMs);
  }
  // The last fault. From here, everything now on the topic must be stored soon.
  await kill(0);
  const recoverySeconds = await stream.untilCaughtUp();
  await producing;
  await stream.untilCaughtUp();
  await stream.untilAlertsSent();
  const { looks, violations } = await reader.stop();
  await stream.stopAll();
  await hook.close();

  const rows = await stream.query('SELECT event_id, alert_id::text AS id FROM flowline.anomalies');
  const alerts = await stream.query('SELECT alert_id::text AS id, kind, count, messages FROM flowline.alerts');
  return {
    check: await stream.check(),
    looks,
    violations,
    recoverySeconds,
    alertOfEvent: new Map(rows.map((row) => [String(row.event_id), String(row.id)])),
    alerts: alerts.map(({ id, kind, count, messages }) => ({
      ...{ id: String(id), isStorm: kind === 'storm' },
      ...{ count: Number(count), messages: Number(messages) },
    })),
    oddEvents: events.filter((_, i) => isOdd(i)).map(({ id }) => id),
    arrived: (await readTopic(stream.parts.brokers, stream.parts.alertTopic)).map(({ value }) => value ?? ''),
    hooked: hook.taken,
    faults: `${size.kills + 1} SIGKILL, ${size.pauses} SIGSTOP, ${size.brokers} broker, ${size.databases} Postgres`,
  };
}

/** A webhook that fails three times in ten, and notes the messages that it took. */
async function startFlakyHook() {
  const taken: string[] = [];
  let seed = 11;
  const server = await startServer(({ body }, response) => {
    seed = (seed * 16_807) % 2_147_483_647;
    const fails = seed % 10 < 3;
    if (!fails) taken.push(body);
    response.writeHead(fails ? 503 : 200).end();
  });
  return { url: server.url, taken, close: () => server.close() };
}
