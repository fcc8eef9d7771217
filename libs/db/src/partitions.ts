import type { Database } from './database.ts';
import { expireAnomalies } from './sql/anomalies-expire.ts';
import { expireOutbox } from './sql/outbox-expire.ts';
import { dropScoredPartitions } from './sql/partitions-drop.ts';
import { ensureScoredPartitions } from './sql/partitions-ensure.ts';
import { withTransaction } from './transaction.ts';

/** Partitions stand ready for yesterday (clocks differ), today and the seven days to come. */
const DAYS = 9;
const ENSURE_EVERY_MS = 6 * 3_600_000;
/** Sent alerts are kept a week, for whoever asks whether one was sent. */
const KEEP_SENT_DAYS = 7;

/** How long the records of each detector are kept, in days. */
export interface Retention {
  readonly detector: string;
  readonly scoredDays: number;
  readonly anomaliesDays: number;
}

/**
 * Creates the daily partitions of scored_events from yesterday to a week ahead, where they are missing; commits do so by
 * themselves, a few times a day. Should a day have none, its rows lie in the default partition until this is called.
 * @returns how many were missing.
 */
export async function ensurePartitions(db: Database): Promise<number> {
  const [row] = await withTransaction(db, (client) => ensureScoredPartitions(client, DAYS));
  return row?.created ?? 0;
}

/** When each database was last seen to have its partitions. */
const ensuredAtMs = new WeakMap<Database, number>();

/** Calls {@link ensurePartitions} where that was not tried within the last hours. */
export async function ensurePartitionsWhenDue(db: Database): Promise<void> {
  const now = performance.now();
  if (now - (ensuredAtMs.get(db) ?? -Infinity) < ENSURE_EVERY_MS) return;
  // Noted before it is tried: should it fail, the caller hears of it once, and goes on into the default partition.
  ensuredAtMs.set(db, now);
  await ensurePartitions(db);
}

/**
 * Removes what is older than its retention. Scored events go by whole days, which all detectors share: the longest retention
 * decides. Call it once a day.
 */
export async function applyRetention(
  db: Database,
  retention: readonly Retention[],
): Promise<{ partitions: number; anomalies: number }> {
  return withTransaction(
    db,
    async (client) => {
      let anomalies = 0;
      for (const { detector, anomaliesDays } of retention) {
        const [row] = await expireAnomalies(client, detector, Math.ceil(anomaliesDays));
        anomalies += row?.removed ?? 0;
      }
      await expireOutbox(client, KEEP_SENT_DAYS);
      if (retention.length === 0) return { partitions: 0, anomalies };
      const days = Math.ceil(Math.max(...retention.map((one) => one.scoredDays)));
      const [row] = await dropScoredPartitions(client, days);
      return { partitions: row?.dropped ?? 0, anomalies };
    },
    { timeoutMs: 300_000 },
  );
}
