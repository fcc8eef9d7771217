import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '@flowline/telemetry';

/** Begins the looks that there are once in `everyMs` (default 10,000) until the signal; one that fails is noted at debug level: gauges are for people, not for the stream. */
export async function pollGauges(
  looks: () => readonly Promise<void>[],
  logger: Logger,
  signal: AbortSignal,
  everyMs = 10_000,
): Promise<void> {
  while (!signal.aborted) {
    for (const result of await Promise.allSettled(looks())) {
      if (result.status === 'rejected') logger.debug({ err: result.reason as unknown }, 'a gauge could not be read');
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
