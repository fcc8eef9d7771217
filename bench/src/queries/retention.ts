import { setTimeout as sleep } from 'node:timers/promises';

import { applyRetention } from '@flowline/db';

import type { TestDatabase } from '../../../test/support/postgres.ts';
import { quantile } from '../support/statistics.ts';
import { DETECTORS, type Sizes } from './sizes.ts';

/** Rows that a run of retention removed, and the time for which it kept others waiting. */
export interface RetentionResult {
  readonly seconds: number;
  /** Longest statement of retention, milliseconds. */
  readonly longestStatementMs: number;
  readonly days: number;
  readonly rows: number;
  /** Inserts of 1,000 events beside it, milliseconds: before it began, and while it ran. */
  readonly insertBefore: Latencies;
  readonly insertBeside: Latencies;
}

interface Latencies {
  readonly p50Ms: number;
  readonly maxMs: number;
}

/** Claims of entities of one day, and alerts and dead letters of a week, per detector. */
const ENTITIES = 50_000;
const LETTERS = 10_000;
const KEEP_DAYS = 3;
const BASELINE_MS = 5_000;
const LOOK_EVERY_MS = 5;

/** Removes half of the days and what is older than three, while batches are stored beside it. */
export async function measureRetention(database: TestDatabase, sizes: Sizes): Promise<RetentionResult> {
  await fillExpired(database);
  const writer = await startWriter(database);
  await sleep(BASELINE_MS);
  const before = writer.take();
  const watcher = await startWatcher(database);
  const started = performance.now();
  const removed = await applyRetention(
    database.db,
    Array.from({ length: DETECTORS }, (_, i) => ({
      detector: `detector-${i}`,
      scoredDays: sizes.days / 2,
      anomaliesDays: KEEP_DAYS,
      deadLettersDays: KEEP_DAYS,
    })),
  );
  const seconds = (performance.now() - started) / 1000;
  const longestStatementMs = await watcher.stop();
  const beside = writer.take();
  await writer.stop();
  return {
    seconds: Math.round(seconds * 100) / 100,
    longestStatementMs,
    days: removed.partitions,
    rows: removed.anomalies + removed.deadLetters + removed.entities,
    insertBefore: before,
    insertBeside: beside,
  };
}

async function fillExpired({ query }: TestDatabase): Promise<void> {
  await query(`
    INSERT INTO flowline.entity_partitions (detector, topic, entity, partition, last_seen)
      SELECT 'detector-' || d, 'events', 'entity-' || i, 0, current_date - 10
      FROM generate_series(0, ${DETECTORS - 1}) AS d, generate_series(1, ${ENTITIES}) AS i;
    INSERT INTO flowline.dead_letters (detector, detector_version, topic, partition, "offset", reason, message, value, headers,
        record_time, stored_at)
      SELECT 'detector-' || i % ${DETECTORS}, 1, 'events', 0, i, 'no_json', 'x', repeat('x', 500)::bytea, '{}', now(),
        now() - i * interval '1 minute'
      FROM generate_series(1, ${LETTERS * DETECTORS}) AS i;
    INSERT INTO flowline.alert_outbox (alert_id, detector, topic, key, headers, value, created_at, sent_at)
      SELECT gen_random_uuid(), 'detector-' || i % ${DETECTORS}, 'alerts', '', '{}', repeat('x', 500), now() - interval '20 days',
        now() - i * interval '10 seconds'
      FROM generate_series(1, ${LETTERS * DETECTORS}) AS i;
    ANALYZE flowline.entity_partitions, flowline.dead_letters, flowline.alert_outbox`);
}

interface Writer {
  /** Latencies since the last call. */
  take(): Latencies;
  stop(): Promise<void>;
}

async function startWriter(database: TestDatabase): Promise<Writer> {
  const client = await database.client();
  const ended = new AbortController();
  let times: number[] = [];
  const running = (async () => {
    while (!ended.signal.aborted) {
      const started = performance.now();
      await client.query(`INSERT INTO flowline.event_scores (event_time, "offset", source_id, log_density, p_value, flags, event_id)
        SELECT now(), i, 1, -1, 0.5, 6, 'written-' || i FROM generate_series(1, 1000) AS i`);
      times.push(performance.now() - started);
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    take: () => {
      const taken = times;
      times = [];
      return { p50Ms: Math.round(quantile(taken, 0.5)), maxMs: Math.round(Math.max(...taken)) };
    },
    stop: () => {
      ended.abort();
      return running;
    },
  };
}

/** Looks for the longest statement of the product's connections until it is stopped. */
async function startWatcher(database: TestDatabase): Promise<{ stop(): Promise<number> }> {
  const client = await database.client();
  const ended = new AbortController();
  let longestMs = 0;
  const running = (async () => {
    while (!ended.signal.aborted) {
      const { rows } = await client.query<{ ms: number | null }>(
        `SELECT max(extract(epoch FROM clock_timestamp() - query_start) * 1000)::float8 AS ms FROM pg_stat_activity
         WHERE application_name = 'flowline test' AND state = 'active' AND datname = current_database()`,
      );
      longestMs = Math.max(longestMs, rows[0]?.ms ?? 0);
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      ended.abort();
      await running;
      return Math.round(longestMs);
    },
  };
}
