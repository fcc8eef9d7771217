import type { Database } from './database.ts';
import { disableJit, type FeatureSampleRow, selectFeatureSample } from './sql/feature-samples.ts';
import type { TimeRange } from './score-summaries.ts';
import { withTransaction } from './transaction.ts';

export type { FeatureSampleRow };

/** Time after which the sample is given up: it is for a page that somebody waits for. */
const TIMEOUT_MS = 10_000;

/**
 * Reads scored events spread over a range of event time, in order: at most `perPart` of each of
 * `parts` equal parts of it. The cost does not depend on the number of stored events.
 */
export function readFeatureSample(
  db: Database,
  asked: TimeRange & { readonly detector: string; readonly parts: number; readonly perPart: number },
): Promise<FeatureSampleRow[]> {
  return withTransaction(
    db,
    async (client) => {
      // The planner takes a look into every day of events for likely.
      await disableJit(client);
      return selectFeatureSample(client, asked);
    },
    { readOnly: true, timeoutMs: TIMEOUT_MS },
  );
}
