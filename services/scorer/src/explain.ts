import { setImmediate as turn } from 'node:timers/promises';

import { anomalyReason, buildAlert } from '@flowline/detector';
import type { Anomaly, Explanation, ScoredBatch } from '@flowline/events';

import type { DecidedEvents } from './decide.ts';
import { keptRecord, recordAt } from './kept-record.ts';

/** A batch, ready to be stored. */
export interface ExplainedEvents extends DecidedEvents {
  readonly scored: ScoredBatch;
}

/** Explaining is long computation: between so many rows, heartbeats and health checks get their turn. */
const ROWS_AT_ONCE = 16;

/** Why each anomaly is one: explanations and alerts, and with them everything that one transaction stores. */
export async function explain(batch: DecidedEvents): Promise<ExplainedEvents> {
  const explanations: Explanation[] = [];
  const { anomalousRows, events, scores, lease } = batch;
  for (let start = 0; start < anomalousRows.length; start += ROWS_AT_ONCE) {
    const rows = anomalousRows.slice(start, start + ROWS_AT_ONCE);
    explanations.push(...(await lease.model.detector.explain(events.table, rows, scores)));
    await turn();
  }
  const anomalies = explanations.map((explanation, i) => toAnomaly(batch, anomalousRows[i] ?? -1, explanation));
  return { ...batch, scored: toScoredBatch(batch, anomalies) };
}

function toAnomaly(batch: DecidedEvents, row: number, explanation: Explanation): Anomaly {
  const { source, events, entities, scores } = batch;
  const { name, modelVersion, detector } = batch.lease.model;
  const offset = events.offsets[row];
  const id = events.eventIds[row];
  const timeMs = events.eventTimesMs[row];
  if (offset === undefined || id === undefined || timeMs === undefined) throw new RangeError(`no event in row ${row}`);
  const event = {
    topic: source.topic,
    topicId: source.topicId,
    partition: source.partition,
    offset,
    id,
    timeMs,
    entity: entities?.names[row] ?? null,
  };
  const { bundle } = detector;
  const alert = buildAlert({
    detector: name,
    modelVersion,
    bundle,
    table: events.table,
    scores,
    row,
    explanation,
    event,
  });
  return { row, reason: anomalyReason(scores, row), alert };
}

function toScoredBatch(
  { source, events, entities, scores, lease }: DecidedEvents,
  anomalies: readonly Anomaly[],
): ScoredBatch {
  const { table, offsets, eventIds, eventTimesMs, deadLetters } = events;
  return {
    detector: lease.model.name,
    detectorVersion: lease.model.detectorVersion,
    modelVersion: lease.model.modelVersion,
    topic: source.topic,
    topicId: source.topicId,
    partition: source.partition,
    fromOffset: source.fromOffset,
    nextOffset: source.nextOffset,
    lastRecordTimeMs: source.records.at(-1)?.timestampMs ?? null,
    ...table,
    offsets,
    eventIds,
    eventTimesMs,
    entities,
    logDensityNats: scores.logDensityNats,
    pValues: scores.pValues,
    pMethods: scores.pMethods,
    anomalies,
    deadLetters,
    recordAt: (offset) => keptRecord(recordAt(source, offset)),
  };
}
