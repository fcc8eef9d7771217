import { readDefinition } from '@flowline/config';
import { applyRetention, type Database, ensurePartitions, listDetectors } from '@flowline/db';
import type { Logger } from '@flowline/telemetry';

import { pause } from './pause.ts';

const DAY_MS = 86_400_000;

/** Removes, once a day until the signal, what is older than its detector keeps it; a failure is logged and tried again. */
export async function applyRetentionDaily(db: Database, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await ensurePartitions(db);
      const retention = (await listDetectors(db)).map(({ name, version, definition }) => {
        const { scoredMs, anomaliesMs } = readDefinition(definition, `${name}, version ${version}`).retention;
        return { detector: name, scoredDays: scoredMs / DAY_MS, anomaliesDays: anomaliesMs / DAY_MS };
      });
      const removed = await applyRetention(db, retention);
      if (removed.partitions + removed.anomalies > 0) logger.info({ ...removed }, 'removed what was kept long enough');
    } catch (err) {
      logger.error({ err }, 'retention failed; it is tried again in a day');
    }
    await pause(DAY_MS, signal);
  }
}
