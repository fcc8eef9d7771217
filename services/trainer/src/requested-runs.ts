import type { Logger } from '@flowline/telemetry';

import { poll } from './poll.ts';
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
  await poll({ everyMs, logger, signal, failure: 'the requests for trainings cannot be looked up' }, async () => {
    const [request] = await list();
    if (request === undefined || signal.aborted) return;
    logger.info({ ...request }, 'a training was requested');
    await train(request).catch((error: unknown) => onError(request, error));
  });
}
