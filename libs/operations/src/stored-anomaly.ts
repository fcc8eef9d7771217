import type { StoredAnomaly } from '@flowline/db';
import { type Alert, type Anomaly, anomalyReasons } from '@flowline/events';

/** A stored anomaly as the scorer had it. */
export function anomalyOf(stored: StoredAnomaly): Anomaly {
  const { topic, partition, offset, eventId, eventTime, entity } = stored;
  const alert: Alert = {
    alertId: stored.alertId ?? '',
    detector: stored.detector,
    reason: anomalyReasons.find((reason) => reason === stored.reason) ?? 'low_density',
    score: {
      pValue: stored.pValue,
      pMethod: 'floor',
      alpha: NaN,
      surpriseBits: stored.surpriseBits,
      logDensityNats: stored.logDensityNats,
    },
    ...{ observed: stored.observed, expected: stored.expected, summary: stored.summary },
    contributions: stored.contributions as Alert['contributions'],
    nearestNormal: stored.nearestNormal,
    explanation: stored.explanationFollows ? 'deferred' : 'complete',
    model: { version: stored.modelVersion, family: '', trainedRows: 0 },
    event: { topic, partition, offset, id: eventId, time: eventTime.toISOString(), entity },
  };
  return { row: 0, reason: alert.reason, alert };
}
