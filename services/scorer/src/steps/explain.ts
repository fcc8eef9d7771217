import { setImmediate as nextTurn } from 'node:timers/promises';

import { anomalyReason, buildAlert, type Scores } from '@flowline/detector';
import { type Anomaly, at, type Explanation, type ScoredBatch } from '@flowline/events';

import type { DecidedEvents } from './decide.ts';
import { valuesOf } from '../decoding/decoder-in-force.ts';
import type { ExplainingBudget } from '../explaining/explaining-budget.ts';
import { eventBatch } from './event-batch.ts';

/** A batch that is ready to be stored. */
export interface ExplainedEvents extends DecidedEvents {
  readonly scored: ScoredBatch;
}

/**
 * Explains the anomalies of a batch and builds everything that its transaction stores. The most
 * surprising come first, as long as the budget lasts; the others are stored and sent as they are,
 * and their explanations follow.
 */
export function explain(budget: ExplainingBudget): (batch: DecidedEvents) => Promise<ExplainedEvents> {
  return async (batch) => {
    const { anomalousRows, events, scores, lease } = batch;
    const explanations = new Map<number, Explanation>();
    const ranked = bySurprise(anomalousRows, scores);
    while (explanations.size < ranked.length) {
      const count = budget.rows;
      if (count === 0) break;
      const rows = ranked.slice(explanations.size, explanations.size + count);
      const found = await budget.spend(rows.length, () => lease.model.detector.explain(events.table, rows, scores));
      found.forEach((explanation, i) => explanations.set(at(rows, i), explanation));
      await nextTurn();
    }
    const anomalies = anomalousRows.map((row) => toAnomaly(batch, row, explanations.get(row) ?? null));
    return { ...batch, scored: toScoredBatch(batch, anomalies) };
  };
}

/** Sorts rows by ascending p-value, then by log-density, then by row. */
function bySurprise(rows: readonly number[], { pValues, logDensityNats }: Scores): readonly number[] {
  return rows.toSorted(
    (a, b) => at(pValues, a) - at(pValues, b) || compare(at(logDensityNats, a), at(logDensityNats, b)) || compare(a, b),
  );
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

function toAnomaly(batch: DecidedEvents, row: number, explanation: Explanation | null): Anomaly {
  const { source, events, entities, scores } = batch;
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
    alpha: detector.alpha,
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
  const { events, inForce, scores, lease } = batch;
  const { name: detector, detectorVersion, modelVersion, detector: model } = lease.model;
  const { logDensityNats, pValues, pMethods } = scores;
  return {
    ...eventBatch({ detector, detectorVersion }, batch),
    ...{ modelVersion, alpha: model.alpha, logDensityNats, pValues, pMethods, anomalies },
    numericSpreads: model.bundle.encoding.numericSpreads,
    valuesInForce: inForce && valuesOf(events, inForce),
  };
}
