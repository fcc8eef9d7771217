import { readDefinition } from '@flowline/config';
import { applyRetention, type Database, ensurePartitions, listDetectors } from '@flowline/db';
import { DAY_MS } from '@flowline/events';
import { type Logger, pause } from '@flowline/telemetry';

const HOUR_MS = 3_600_000;

/**
 * Applies retention once a day until the signal: removes all data that its detector has kept long
 * enough. A failure is logged and retried after an hour.
 */
export async function applyRetentionDaily(db: Database, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let waitMs = HOUR_MS;
    try {
      await ensurePartitions(db);
      const retention = (await listDetectors(db)).map(({ name, version, definition }) => {
        const { scoredMs, anomaliesMs, deadLettersMs } = readDefinition(
          definition,
          `${name}, version ${version}`,
        ).retention;
        return {
          detector: name,
          scoredDays: scoredMs / DAY_MS,
          anomaliesDays: anomaliesMs / DAY_MS,
          deadLettersDays: deadLettersMs / DAY_MS,
        };
      });
      const removed = await applyRetention(db, retention);
      const { partitions, anomalies, deadLetters, entities, blocked } = removed;
      if (partitions + anomalies + deadLetters + entities > 0)
        logger.info({ ...removed }, 'removed rows past their retention');
      if (blocked)
        logger.warn({}, 'a day of scored events is in use and could not be dropped; trying again in an hour');
      waitMs = blocked ? HOUR_MS : DAY_MS;
    } catch (err) {
      logger.error({ err }, 'retention failed; trying again in an hour');
    }
    await pause(waitMs, signal);
  }
}
