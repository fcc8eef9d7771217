import { at, type Explanation } from '@flowline/events';

import type { Database } from './database.ts';
import { jsonText } from './json-text.ts';
import { claimDeferred, countDeferred, type DeferredAnomalyRow, storeExplanation } from './sql/anomalies.ts';
import { lockAlerts } from './sql/alerts.ts';
import { withTransaction } from './transaction.ts';

/** Anomaly that was stored without its explanation. */
export type DeferredAnomaly = DeferredAnomalyRow;

/** Timeout of a page of explanations, after which it is given up and explained again. */
const TIMEOUT_MS = 60_000;

/**
 * Explains the oldest anomalies of a detector that wait for it, at most `limit`, and stores the
 * explanations in one transaction: each exactly once, whoever else explains. The stored anomaly
 * changes, and the stored alert that shows it; messages that have left do not.
 * @returns the number of anomalies explained.
 */
export async function explainDeferred(
  db: Database,
  detector: string,
  limit: number,
  explain: (anomalies: readonly DeferredAnomaly[]) => Promise<readonly Explanation[]>,
): Promise<number> {
  return withTransaction(
    db,
    async (client) => {
      const anomalies = await claimDeferred(client, { detector, limit });
      if (anomalies.length === 0) return 0;
      const explanations = await explain(anomalies);
      for (const topic of [...new Set(anomalies.map((anomaly) => anomaly.topic))].sort()) {
        await lockAlerts(client, { detector, topic });
      }
      for (const [i, { anomalyId }] of anomalies.entries()) {
        const { expected, contributions, nearestNormal, summary } = at(explanations, i);
        const fields = { expected, contributions, nearestNormal, summary, explanation: 'complete' };
        const topFeature = contributions[0]?.feature ?? null;
        await storeExplanation(client, { anomalyId, topFeature, summary, explanation: jsonText(fields) });
      }
      return anomalies.length;
    },
    { timeoutMs: TIMEOUT_MS, idleTimeoutMs: TIMEOUT_MS },
  );
}

/** Counts the anomalies of a detector that wait for their explanation. */
export async function countDeferredExplanations(db: Database, detector: string): Promise<number> {
  return (await withTransaction(db, (client) => countDeferred(client, { detector }))).waiting;
}
