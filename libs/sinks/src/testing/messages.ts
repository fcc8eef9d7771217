import type { AnomalyAlertMessage } from '@flowline/alerts';
import { stableId } from '@flowline/events';
import type { OutboxMessage } from '@flowline/stream';

/** A message about an alert, with the parts that a test changes. */
export const alertMessage = (changes: Partial<AnomalyAlertMessage> = {}): AnomalyAlertMessage => ({
  alertId: stableId(['alert']),
  messageId: stableId(['message']),
  ...{ sequence: 1, state: 'opened', kind: 'density', fingerprint: stableId(['fingerprint']), detector: 'checkout' },
  ...{ severity: 'major', count: 3, resolvedAt: null, reason: 'low_density', explanation: 'complete' },
  firstSeen: '2026-01-01T00:00:00.000Z',
  lastSeen: '2026-01-01T00:01:00.000Z',
  score: { pValue: 1e-6, pMethod: 'tail', alpha: 0.001, surpriseBits: 19.9, logDensityNats: -31.5 },
  observed: { latency_ms: 9120, amount: null },
  expected: { latency_ms: { median: 200, p05: 95, p95: 420 } },
  contributions: [
    { feature: 'latency_ms', bits: 18.9, direction: 'high' },
    { feature: 'amount', bits: 4.5, direction: 'unlikely' },
  ],
  nearestNormal: { latency_ms: 400, amount: null },
  summary: 'latency_ms 9120, expected 95–420 given the rest (18.9 bits; the event 19.9)',
  model: { version: 3, family: 'realNVP', trainedRows: 1_000 },
  event: { topic: 't', partition: 0, offset: 7, id: 'x', time: '2026-01-01T00:00:30.000Z', entity: 'shop <1>' },
  ...changes,
});

/** The message as the outbox holds it. */
export const outboxed = (alert: AnomalyAlertMessage): OutboxMessage => ({
  ...{ messageId: alert.messageId, topic: '', key: 'checkout', headers: {} },
  value: JSON.stringify(alert),
});

/** Messages of different alerts. */
export const outboxMessages = (count: number): OutboxMessage[] =>
  Array.from({ length: count }, (_, i) => {
    const id = stableId(['message', i]);
    return outboxed(alertMessage({ messageId: id, alertId: stableId(['alert', i]) }));
  });
