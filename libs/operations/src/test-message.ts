import { randomUUID } from 'node:crypto';

import { type AlertLife, anomalyAlertMessage } from '@flowline/alerts';
import { outboxMessage } from '@flowline/db';
import type { Alert } from '@flowline/events';
import type { OutboxMessage } from '@flowline/stream';

/** Name of the detector of test messages, and the summary that marks them. */
const DETECTOR = 'flowline-test';
const SUMMARY = 'This is a test message of Flowline: nothing has happened.';

/** Message like one about an alert of the mildest severity, which says that it is a test. */
export function testMessage(now: Date): OutboxMessage {
  const [alertId, fingerprint] = [randomUUID(), randomUUID()];
  const peak: Alert = {
    ...{ alertId, detector: DETECTOR, reason: 'low_density', summary: SUMMARY, explanation: 'complete' },
    score: {
      pValue: 0.0005,
      pMethod: 'empirical',
      alpha: 0.001,
      surpriseBits: -Math.log2(0.0005),
      logDensityNats: -10,
    },
    observed: { test: 1 },
    expected: { test: { median: 0, p05: 0, p95: 0 } },
    contributions: [{ feature: 'test', bits: 1, direction: 'high' }],
    nearestNormal: { test: 0 },
    model: { version: 1, family: 'test', trainedRows: 0 },
    event: { topic: 'test', partition: 0, offset: 0, id: 'test', time: now.toISOString(), entity: null },
  };
  const timeMs = now.getTime();
  const life: AlertLife = {
    ...{ alertId, phase: 'open', count: 1, firstMs: timeMs, lastMs: timeMs, peakBits: 0, severity: 'info' },
    ...{ recentMs: [], resolvedMs: null, told: 'open', messages: 1, page: null },
  };
  return outboxMessage(anomalyAlertMessage(fingerprint, { kind: 'opened', sequence: 1, life }, peak));
}
