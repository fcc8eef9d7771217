import type { Logger } from '@flowline/telemetry';

import { poll } from './poll.ts';

/** A detector that is trained again after a number of events. */
export interface CountingDetector {
  readonly name: string;
  readonly newRows: number;
}

/** Environment of the trigger. */
export interface NewRowsParts {
  /** Lists the active detectors that have the trigger. */
  readonly list: () => Promise<readonly CountingDetector[]>;
  /**
   * Requests a training if enough events were scored since the last one began. Resolves to the id
   * of the run; null if they were not, or a run waits or runs.
   */
  readonly request: (detector: string, newRows: number) => Promise<number | null>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const EVERY_MS = 15_000;

/**
 * Requests trainings of detectors that have scored enough events since the last one, until the
 * signal.
 */
export async function trainOnNewRows(parts: NewRowsParts): Promise<void> {
  const { list, request, logger, signal, everyMs = EVERY_MS } = parts;
  await poll({ everyMs, logger, signal, failure: 'new rows cannot be counted' }, async () => {
    for (const { name, newRows } of await list()) {
      const runId = await request(name, newRows);
      if (runId !== null) logger.info({ detector: name, newRows, runId }, 'a training is requested: enough new rows');
    }
  });
}
