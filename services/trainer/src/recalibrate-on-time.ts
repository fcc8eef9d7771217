import type { Logger } from '@flowline/telemetry';

import { poll } from './poll.ts';

/** A detector whose champion is calibrated again from time to time. */
export interface RecalibratingDetector {
  readonly name: string;
  readonly everyMs: number;
}

/** Environment of the recalibrations. */
export interface RecalibrationParts {
  /** Lists the active detectors that have `training.recalibrate`. */
  readonly list: () => Promise<readonly RecalibratingDetector[]>;
  /**
   * Requests a recalibration if the last one, and the champion, are as old as that. Resolves to the
   * id of the run; null if they are not, or a run waits or runs.
   */
  readonly request: (detector: string, everyMs: number) => Promise<number | null>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const EVERY_MS = 15_000;

/** Requests recalibrations that are due, until the signal. */
export async function recalibrateOnTime(parts: RecalibrationParts): Promise<void> {
  const { list, request, logger, signal, everyMs = EVERY_MS } = parts;
  await poll({ everyMs, logger, signal, failure: 'recalibrations cannot be requested' }, async () => {
    for (const { name, everyMs: interval } of await list()) {
      const runId = await request(name, interval);
      if (runId !== null) logger.info({ detector: name, runId }, 'a recalibration is requested: it is time');
    }
  });
}
