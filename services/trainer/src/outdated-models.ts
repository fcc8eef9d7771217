import type { Logger } from '@flowline/telemetry';

import { poll } from './poll.ts';

/** A scheduled detector whose definition in force needs a model that was never tried. */
export interface OutdatedDetector {
  readonly name: string;
  readonly version: number;
  /** Parts of the definition, by path, that no model was trained for. */
  readonly changes: readonly string[];
}

export interface OutdatedModelParts {
  /** Lists the detectors that are outdated now. */
  readonly list: () => Promise<readonly OutdatedDetector[]>;
  readonly train: (detector: string) => Promise<unknown>;
  readonly onError: (detector: string, error: unknown) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const EVERY_MS = 15_000;

/**
 * Trains scheduled detectors soon after a definition was applied that needs another model: once per
 * definition, whatever the outcome.
 */
export async function trainOutdatedModels(parts: OutdatedModelParts): Promise<void> {
  const { list, train, onError, logger, signal, everyMs = EVERY_MS } = parts;
  const tried = new Map<string, number>();
  const failure = 'the definitions in force cannot be compared with their models';
  await poll({ everyMs, logger, signal, failure }, async () => {
    for (const { name, version, changes } of await list()) {
      if (tried.get(name) === version) continue;
      tried.set(name, version);
      logger.info({ detector: name, version, changes }, 'the definition in force needs another model');
      await train(name).catch((error: unknown) => onError(name, error));
    }
  });
}
