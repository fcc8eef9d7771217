import { type Logger, pause } from '@flowline/telemetry';

/**
 * Runs `updates` every `everyMs` (default 10,000) until the signal. A failure is logged at debug
 * level: gauges are for people, and the stream does not depend on them.
 */
export async function pollGauges(
  updates: () => readonly Promise<void>[],
  logger: Logger,
  signal: AbortSignal,
  everyMs = 10_000,
): Promise<void> {
  while (!signal.aborted) {
    for (const result of await Promise.allSettled(updates())) {
      if (result.status === 'rejected') logger.debug({ err: result.reason as unknown }, 'a gauge could not be read');
    }
    await pause(everyMs, signal);
  }
}
