import { type Anomaly, type AnomalyBatch, at, type DeadLetter, type EventBatch } from '@flowline/events';

import { BinaryCopy } from './binary-copy.ts';
import { jsonText } from './json-text.ts';
import { ANOMALY_FIELDS } from './sql/anomalies.ts';
import { DEAD_LETTER_FIELDS } from './sql/dead-letters.ts';

/** Encodes the new anomalies of a batch, with the id of the alert that each belongs to, if any. */
export function anomalyRows(
  batch: AnomalyBatch,
  anomalies: readonly Anomaly[],
  alertIds: readonly (string | null)[],
): BinaryCopy {
  const copy = new BinaryCopy(anomalies.length * 4_096);
  for (const [i, { row, reason, alert: ofEvent, verdict }] of anomalies.entries()) {
    const alertId = at(alertIds, i);
    const rules = verdict?.rules ?? [];
    const alert = alertId === null ? ofEvent : { ...ofEvent, alertId };
    copy
      .startRow(ANOMALY_FIELDS)
      .uuid(alertId)
      .text(batch.detector)
      .int32(batch.detectorVersion)
      .int32(batch.modelVersion)
      .text(batch.topic)
      .int32(batch.partition)
      .int64(at(batch.offsets, row))
      .text(at(batch.eventIds, row))
      .timestamp(at(batch.eventTimesMs, row))
      .text(reason)
      .float8(at(batch.logDensityNats, row))
      .float8(at(batch.pValues, row))
      .text(at(batch.pMethods, row))
      .float8(alert.score.surpriseBits)
      .text(alert.contributions[0]?.feature ?? null)
      .text(alert.summary)
      .jsonb(jsonText(alert))
      .boolean(alert.explanation === 'deferred')
      .textArray(rules, 0, rules.length)
      .text(verdict?.suppressedBy ?? null)
      .boolean(verdict?.excludedFromTraining === true);
  }
  return copy;
}

/** The columns of a batch that its dead letters have in common. */
type DeadLetterBatch = Pick<EventBatch, 'detector' | 'detectorVersion' | 'topic' | 'partition'>;

/** Encodes the new dead letters of a batch. */
export function deadLetterRows(batch: DeadLetterBatch, letters: readonly DeadLetter[]): BinaryCopy {
  const copy = new BinaryCopy(letters.length * 1_024);
  for (const letter of letters) {
    copy
      .startRow(DEAD_LETTER_FIELDS)
      .text(batch.detector)
      .int32(batch.detectorVersion)
      .text(batch.topic)
      .int32(batch.partition)
      .int64(letter.offset)
      .text(letter.reason)
      .text(letter.field)
      .text(letter.message)
      .bytea(letter.key)
      .bytea(letter.value)
      .jsonb(jsonText(letter.headers))
      .timestamp(letter.timestampMs);
  }
  return copy;
}
