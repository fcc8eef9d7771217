import { randomUUID } from 'node:crypto';

import { type Database, dismissTrainer, reportTrainer } from '@flowline/db';
import { type Logger, pause } from '@flowline/telemetry';

const EVERY_MS = 5_000;

/** Reports every five seconds that this trainer serves, until the signal. */
export async function reportPresence(db: Database, logger: Logger, signal: AbortSignal): Promise<void> {
  const trainer = randomUUID();
  while (!signal.aborted) {
    await reportTrainer(db, trainer).catch((err: unknown) => {
      logger.debug({ err }, 'the presence of the trainer could not be stored; trying again');
    });
    await pause(EVERY_MS, signal);
  }
  // A trainer that cannot say so is forgotten when its reports are 15 s old.
  await dismissTrainer(db, trainer).catch(() => undefined);
}
