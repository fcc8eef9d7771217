import type { Logger } from '@flowline/telemetry';

import { poll } from './poll.ts';

/** A detector that learns from its own events and has no champion with the features in force. */
export interface CollectingDetector {
  readonly name: string;
  readonly version: number;
  readonly firstModelRows: number;
}

export interface FirstModelParts {
  /** Lists the detectors that are collecting now. */
  readonly list: () => Promise<readonly CollectingDetector[]>;
  /** Counts the stored events with the features in force. Counting may stop at `most`. */
  readonly count: (detector: string, most: number) => Promise<number>;
  readonly train: (detector: string) => Promise<unknown>;
  readonly onError: (detector: string, error: unknown) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const EVERY_MS = 15_000;
/** Growth factor of the required rows after a training that gave no champion. */
const GROWTH = 1.5;

/**
 * Trains the first model of each collecting detector as soon as it has enough rows, and again for
 * changed features. If a training fails, it is retried with more rows.
 */
export async function trainFirstModels(parts: FirstModelParts): Promise<void> {
  const { list, count, train, onError, logger, signal, everyMs = EVERY_MS } = parts;
  const wanted = new Map<string, number>();
  const failure = 'the detectors that collect history cannot be looked up';
  await poll({ everyMs, logger, signal, failure }, async () => {
    for (const { name, version, firstModelRows } of await list()) {
      const id = `${name}/${version}`;
      const rows = Math.max(firstModelRows, wanted.get(id) ?? 0);
      if ((await count(name, rows)) < rows) continue;
      logger.info(
        { detector: name, detectorVersion: version, rows },
        'enough history for the first model of these features',
      );
      wanted.set(id, Math.ceil(rows * GROWTH));
      await train(name).catch((error: unknown) => onError(name, error));
    }
  });
}
