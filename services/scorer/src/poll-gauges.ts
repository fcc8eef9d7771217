import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '@flowline/telemetry';

const EVERY_MS = 10_000;

/** Begins the looks that there are once in 10 s until the signal; one that fails is noted at debug level: gauges are for people, not for the stream. */
export async function pollGauges(
  looks: () => readonly Promise<void>[],
  logger: Logger,
  signal: AbortSignal,
  everyMs = EVERY_MS,
): Promise<void> {
  while (!signal.aborted) {
    for (const result of await Promise.allSettled(looks())) {
      if (result.status === 'rejected') logger.debug({ err: result.reason as unknown }, 'a gauge could not be read');
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
