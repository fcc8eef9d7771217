import { type Logger, pause } from '@flowline/telemetry';

/** Rhythm of {@link poll}, and its end. */
export interface Polling {
  readonly everyMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Message of the warning about a round that failed. */
  readonly failure: string;
}

/** Runs rounds of work, with a pause after each, until the signal. A failed round is logged. */
export async function poll({ everyMs, logger, signal, failure }: Polling, round: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await round();
    } catch (err) {
      logger.warn({ err }, `${failure}; trying again`);
    }
    await pause(everyMs, signal);
  }
}
