import { type Logger, pause } from '@flowline/telemetry';
import type { TrainingRequest } from '@flowline/db';

/** Environment of the requested trainings. */
export interface RequestedRunParts {
  /** Lists the requests that can be taken up now, the oldest first. */
  readonly list: () => Promise<readonly TrainingRequest[]>;
  readonly train: (request: TrainingRequest) => Promise<unknown>;
  /** Called with the error of a request, which may still wait. */
  readonly onError: (request: TrainingRequest, error: unknown) => Promise<void>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const EVERY_MS = 2_000;

/** Takes requests for trainings up, one at a time, until the signal. */
export async function trainRequested(parts: RequestedRunParts): Promise<void> {
  const { list, train, onError, logger, signal, everyMs = EVERY_MS } = parts;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      const [request] = await list();
      if (request !== undefined && !isOver()) {
        logger.info({ ...request }, 'a training was requested');
        await train(request).catch((error: unknown) => onError(request, error));
      }
    } catch (err) {
      logger.warn({ err }, 'the requests for trainings cannot be looked up; trying again');
    }
    await pause(everyMs, signal);
  }
}
