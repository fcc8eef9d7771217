import { commitBatch, type Database } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';

import { scoredBatch } from '../support/postgres-batch.ts';
import { applyTestDetector, testDefinition } from '../support/scorer-model.ts';
import { DETECTOR } from './seed.ts';

/** Time that the pages take for now: whatever was stored after it was just stored. */
export const NOW = new Date('2026-01-02T12:00:00Z');

/** Density that is shown in place of the model's, whose weights differ between machines. */
export const conditional = {
  ...{ kind: 'number', feature: 'latency_ms', observed: 9_120, bits: 18.9, direction: 'high' },
  expected: { median: 200, p05: 95, p95: 420 },
  grid: Array.from({ length: 161 }, (_, i) => {
    const value = 4 * (i + 1);
    return { value, density: Math.exp(-((Math.log(value / 200) / 0.45) ** 2) / 2) / value };
  }),
} as const;

/** Fills a database with the same events, scores and alerts on every machine. */
export async function seedBaselines(db: Database): Promise<void> {
  const definition = testDefinition(DETECTOR, 'orders');
  await applyTestDetector(db, definition);
  await commitBatch(db, scoredBatch({ detector: DETECTOR, size: 900, anomalies: [120, 340, 341, 770] }), {
    ...{ alertTopic: 'alerts', alertRules: alertRulesOf(definition.alerts), oncePerEvent: false },
  });
}
