import { explanationFields } from '@flowline/alerts';
import { at, type Explanation, type Unexplained } from '@flowline/events';
import type pg from 'pg';

import { asciiAlert, refusalOf } from './data-refusal.ts';
import type { Database } from './database.ts';
import { jsonText } from './json-text.ts';
import {
  claimAwaited,
  claimDeferred,
  countDeferred,
  type DeferredAnomalyRow,
  storeExplanation,
} from './sql/anomalies.ts';
import { lockAlerts } from './sql/alerts.ts';
import { withTransaction } from './transaction.ts';

/** Anomaly that was stored without its explanation. */
export type DeferredAnomaly = DeferredAnomalyRow;

/** Timeout of a page of explanations, after which it is given up and explained again. */
const TIMEOUT_MS = 60_000;

/** Anomalies that were explained together. */
export interface ExplainedPage {
  readonly explained: number;
  /** True if messages waited for them. */
  readonly wereAwaited: boolean;
}

/**
 * Explains anomalies of a detector, at most `limit`, and stores the explanations in one
 * transaction: each exactly once, whoever else explains. Those for which messages wait come first,
 * by surprise, then the others, oldest first. The stored anomaly changes, the stored alert that
 * shows it, and the messages that waited, which may leave; those that have left do not.
 */
export async function explainDeferred(
  db: Database,
  detector: string,
  limit: number,
  explain: (anomalies: readonly DeferredAnomaly[]) => Promise<readonly (Explanation | Unexplained)[]>,
): Promise<ExplainedPage> {
  return withTransaction(
    db,
    async (client) => {
      const awaited = await claimAwaited(client, { detector, limit });
      const wereAwaited = awaited.length > 0;
      const anomalies = wereAwaited ? awaited : await claimDeferred(client, { detector, limit });
      if (anomalies.length === 0) return { explained: 0, wereAwaited };
      const explanations = await explain(anomalies);
      for (const topic of [...new Set(anomalies.map((anomaly) => anomaly.topic))].sort()) {
        await lockAlerts(client, { detector, topic });
      }
      await storeAll(client, anomalies, explanations);
      return { explained: anomalies.length, wereAwaited };
    },
    { timeoutMs: TIMEOUT_MS, idleTimeoutMs: TIMEOUT_MS },
  );
}

/**
 * Stores explanations together, since batches wait for the lock of the alerts; one by one if
 * Postgres refuses any.
 */
async function storeAll(
  client: pg.PoolClient,
  anomalies: readonly DeferredAnomaly[],
  explanations: readonly (Explanation | Unexplained)[],
): Promise<void> {
  const refusal = await refusalOf(client, async () => {
    for (const [i, { anomalyId, surpriseBits }] of anomalies.entries()) {
      await storeExplanation(client, stored(anomalyId, explanationFields(at(explanations, i), surpriseBits)));
    }
  });
  if (refusal === null) return;
  for (const [i, anomaly] of anomalies.entries()) await storeOne(client, anomaly, at(explanations, i));
}

/** Explanation of an anomaly as it is stored. */
function stored(anomalyId: number, fields: ReturnType<typeof explanationFields>) {
  const { summary, contributions } = fields;
  return { anomalyId, topFeature: contributions[0]?.feature ?? null, summary, explanation: jsonText(fields) };
}

/**
 * Stores an explanation, in ASCII if Postgres refuses its text, or else why there is none: one that
 * is refused does not hold up those after it.
 */
async function storeOne(
  client: pg.PoolClient,
  { anomalyId, surpriseBits }: DeferredAnomaly,
  explanation: Explanation | Unexplained,
): Promise<void> {
  const fields = explanationFields(explanation, surpriseBits);
  const attempts = [
    () => fields,
    () => asciiAlert(fields),
    (refusal: Error) => asciiAlert(explanationFields({ explanationError: refusal.message }, surpriseBits)),
  ];
  let refusal: Error | null = new Error();
  for (const attempt of attempts) {
    const row = stored(anomalyId, attempt(refusal));
    refusal = await refusalOf(client, () => storeExplanation(client, row));
    if (refusal === null) return;
  }
  throw refusal;
}

/** Counts the anomalies of a detector that wait for their explanation. */
export async function countDeferredExplanations(db: Database, detector: string): Promise<number> {
  return (await withTransaction(db, (client) => countDeferred(client, { detector }))).waiting;
}
