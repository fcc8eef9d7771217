import {
  type Anomaly,
  at,
  type DeadLetter,
  type EventBatch,
  type ScoredBatch,
  type ValuesInForce,
} from '@flowline/events';

import { BinaryCopy } from './binary-copy.ts';
import { jsonText } from './json-text.ts';
import type { InSample } from './sampling.ts';
import { ANOMALY_FIELDS } from './sql/anomalies.ts';
import { DEAD_LETTER_FIELDS } from './sql/dead-letters.ts';
import { COLLECTED_EVENT_FIELDS, SCORED_EVENT_FIELDS } from './sql/scored-events.ts';

/** Feature values of one version of a detector. */
type FeatureValues = Omit<ValuesInForce, 'rows'>;

/** Bytes of a row without its values and event id, rounded up. */
const ROW_BYTES = 200;

/** Encoded rows of a batch that are kept. */
export interface KeptRows {
  readonly copy: BinaryCopy;
  /** Number of kept rows before a row of the batch. */
  readonly before: (row: number) => number;
}

/**
 * Encodes the scored events of a batch, in order: every anomaly, and other events if they are in
 * the sample.
 */
export function scoredEventRows(batch: ScoredBatch, inSample: InSample): KeptRows {
  const anomalous = new Uint8Array(batch.size);
  for (const { row } of batch.anomalies) anomalous[row] = 1;
  const copy = eventCopy(batch);
  const { valuesInForce } = batch;
  const source = scoreSource(batch, batch);
  const sourceInForce = valuesInForce === null ? source : scoreSource(batch, valuesInForce);
  const kept = new Uint8Array(batch.size);
  for (let row = 0; row < batch.size; row++) {
    const sampled = inSample(at(batch.offsets, row));
    if (!sampled && anomalous[row] !== 1) continue;
    kept[row] = 1;
    const rowInForce = valuesInForce === null ? -1 : at(valuesInForce.rows, row);
    copy
      .startRow(SCORED_EVENT_FIELDS)
      .fields(rowInForce < 0 ? source : sourceInForce)
      .int64(at(batch.offsets, row))
      .text(at(batch.eventIds, row))
      .timestamp(at(batch.eventTimesMs, row))
      .float8(at(batch.logDensityNats, row))
      .float8(at(batch.pValues, row))
      .text(at(batch.pMethods, row))
      .boolean(anomalous[row] === 1)
      .boolean(sampled);
    if (valuesInForce === null || rowInForce < 0) writeValues(copy, batch, row);
    else writeValues(copy, valuesInForce, rowInForce);
    writeEntity(copy, batch, row);
  }
  return { copy, before: (row) => kept.subarray(0, row).reduce((count, one) => count + one, 0) };
}

/** Encodes the fields that the scored events of one definition share. */
function scoreSource(
  { detector, modelVersion, topic, partition }: ScoredBatch,
  { detectorVersion }: FeatureValues,
): Buffer {
  return BinaryCopy.fields((fields) => {
    fields.text(detector).int32(detectorVersion).int32(modelVersion).text(topic).int32(partition);
  });
}

/** Encodes all events of a batch that has no model yet. */
export function collectedEventRows(batch: EventBatch): KeptRows {
  const copy = eventCopy(batch);
  const source = BinaryCopy.fields((fields) => {
    fields.text(batch.detector).int32(batch.detectorVersion).text(batch.topic).int32(batch.partition);
  });
  for (let row = 0; row < batch.size; row++) {
    copy
      .startRow(COLLECTED_EVENT_FIELDS)
      .fields(source)
      .int64(at(batch.offsets, row))
      .text(at(batch.eventIds, row))
      .timestamp(at(batch.eventTimesMs, row))
      .boolean(false)
      .boolean(true);
    writeValues(copy, batch, row);
    writeEntity(copy, batch, row);
  }
  return { copy, before: (row) => row };
}

/** Creates a buffer sized for the events of a batch. */
function eventCopy({ size, numericWidth, levelWidth }: EventBatch): BinaryCopy {
  return new BinaryCopy(size * (ROW_BYTES + 12 * numericWidth + 16 * levelWidth));
}

function writeValues(
  copy: BinaryCopy,
  { numeric, numericWidth, levels, levelWidth }: FeatureValues,
  row: number,
): void {
  copy.float8Array(numeric, row * numericWidth, numericWidth).textArray(levels, row * levelWidth, levelWidth);
}

/** Writes the last field of an event's row. */
function writeEntity(copy: BinaryCopy, { entities }: EventBatch, row: number): void {
  copy.text(entities === null ? null : at(entities.names, row));
}

/** Encodes the new anomalies of a batch. */
export function anomalyRows(batch: ScoredBatch, anomalies: readonly Anomaly[]): BinaryCopy {
  const copy = new BinaryCopy(anomalies.length * 4_096);
  for (const { row, reason, alert } of anomalies) {
    copy
      .startRow(ANOMALY_FIELDS)
      .uuid(alert.alertId)
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
      .boolean(alert.explanation === 'deferred');
  }
  return copy;
}

/** Encodes the new dead letters of a batch. */
export function deadLetterRows(batch: EventBatch, letters: readonly DeadLetter[]): BinaryCopy {
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
