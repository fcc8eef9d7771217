import { messageOf } from '@flowline/events';

import type { Health } from './health.ts';
import type { Logger } from './logger.ts';

/** One failure after which a part of a process retries. */
export interface Wait {
  readonly error: unknown;
  readonly delayMs: number;
}

/**
 * Creates a listener that logs each failure and reports the health of `part`: healthy, not ready.
 */
export function waiting(
  { health, logger }: { readonly health: Health; readonly logger: Logger },
  part: string,
): (wait: Wait) => void {
  return ({ error, delayMs }) => {
    const reason = messageOf(error);
    health.set(part, { healthy: true, ready: false, detail: `waiting: ${reason}` });
    logger.warn({ err: error, delayMs }, `waiting for the ${part}`);
  };
}
