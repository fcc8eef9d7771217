import { setImmediate as nextTurn } from 'node:timers/promises';

import { anomalyReason, buildAlert, packAnomalies, type PackedParts, type Scores } from '@flowline/detector';
import { type Anomaly, at, type Explanation, type ScoredBatch } from '@flowline/events';

import type { DecidedEvents } from './decide.ts';
import { valuesOf } from '../decoding/decoder-in-force.ts';
import type { ExplainingBudget } from '../explaining/explaining-budget.ts';
import { eventBatch } from './event-batch.ts';

/** A batch that is ready to be stored. */
export interface ExplainedEvents extends DecidedEvents {
  readonly scored: ScoredBatch;
}

/** Anomalies per batch that are written out with it, where the others may wait. */
export const WRITTEN_AT_ONCE = 32;

/** Anomalies that wait to be written out: a known state of the stream. */
export interface Backlog {
  /** True while anomalies wait, so that those that follow will wait behind them. */
  readonly isWaiting: boolean;
}

/**
 * Explains the anomalies of a batch and builds everything that its transaction stores. The most
 * surprising come first, as long as the budget lasts; the others are stored as they are, and their
 * explanations follow.
 * @param backlog where anomalies beyond {@link WRITTEN_AT_ONCE} wait; null if all are written out.
 */
export function explain(
  budget: ExplainingBudget,
  backlog: Backlog | null,
): (batch: DecidedEvents) => Promise<ExplainedEvents> {
  return async (batch) => {
    const { anomalousRows, events, scores, lease } = batch;
    const atOnce = backlog === null ? Infinity : backlog.isWaiting ? 0 : WRITTEN_AT_ONCE;
    const rows = anomalousRows.slice(0, atOnce);
    const explanations = new Map<number, Explanation>();
    const ranked = bySurprise(rows, scores);
    while (explanations.size < ranked.length) {
      const count = budget.rows;
      if (count === 0) break;
      const next = ranked.slice(explanations.size, explanations.size + count);
      const found = await budget.spend(next.length, () => lease.model.detector.explain(events.table, next, scores));
      found.forEach((explanation, i) => explanations.set(at(next, i), explanation));
      await nextTurn();
    }
    const anomalies = rows.map((row) => toAnomaly(batch, row, explanations.get(row) ?? null));
    const scored = toScoredBatch(batch, anomalies);
    if (backlog === null) return { ...batch, scored };
    return { ...batch, scored: { ...scored, backlog: { rows: anomalousRows.slice(atOnce), pack: packer(batch) } } };
  };
}

function packer(batch: DecidedEvents): (rows: readonly number[]) => Uint8Array {
  const { source, events, entities, scores, lease, discoveries } = batch;
  const { name, detectorVersion, modelVersion, detector } = lease.model;
  const { topic, topicId, partition } = source;
  const { table, offsets, eventIds, eventTimesMs } = events;
  const { bundle } = detector;
  const alpha = discoveries?.thresholds ?? detector.alpha;
  const parts: PackedParts = {
    ...{ detector: name, detectorVersion, modelVersion, topic, topicId, partition, alpha, bundle, table, scores },
    ...{ offsets, eventIds, eventTimesMs, entities: entities?.names ?? null },
  };
  return (rows) => packAnomalies(parts, rows);
}

/** Sorts rows by ascending p-value, then by log-density, then by row. */
function bySurprise(rows: readonly number[], { pValues, logDensityNats }: Scores): readonly number[] {
  return rows.toSorted(
    (a, b) => at(pValues, a) - at(pValues, b) || compare(at(logDensityNats, a), at(logDensityNats, b)) || compare(a, b),
  );
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

function toAnomaly(batch: DecidedEvents, row: number, explanation: Explanation | null): Anomaly {
  const { source, events, entities, scores, discoveries } = batch;
  const { name, modelVersion, detector } = batch.lease.model;
  const event = {
    topic: source.topic,
    topicId: source.topicId,
    partition: source.partition,
    offset: at(events.offsets, row),
    id: at(events.eventIds, row),
    timeMs: at(events.eventTimesMs, row),
    entity: entities && at(entities.names, row),
  };
  const { bundle } = detector;
  const alert = buildAlert({
    detector: name,
    modelVersion,
    alpha: discoveries === undefined ? detector.alpha : at(discoveries.thresholds, row),
    bundle,
    table: events.table,
    scores,
    row,
    explanation,
    event,
  });
  return { row, reason: anomalyReason(scores, row), alert };
}

function toScoredBatch(batch: DecidedEvents, anomalies: readonly Anomaly[]): ScoredBatch {
  const { events, inForce, scores, lease, discoveries } = batch;
  const { name: detector, detectorVersion, modelVersion, detector: model } = lease.model;
  const { logDensityNats, pValues, pMethods } = scores;
  return {
    ...eventBatch({ detector, detectorVersion }, batch),
    ...{ modelVersion, alpha: model.alpha, logDensityNats, pValues, pMethods, anomalies },
    ...(discoveries === undefined ? {} : { discoveries }),
    numericSpreads: model.bundle.encoding.numericSpreads,
    valuesInForce: inForce && valuesOf(events, inForce),
  };
}
