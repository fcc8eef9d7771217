import { alertId, at, type Alert, type AnomalyReason, type Explanation, type PValueMethod } from '@flowline/events';
import { rowValues, type FeatureTable } from '@flowline/features';

import { formatBits } from './explanation/format-number.ts';
import type { ModelBundle } from './bundle/bundle.ts';
import { componentAt, surpriseBits, type Scores } from './scores.ts';
import { valueAt } from './sorted.ts';

/** Event that an alert is about. */
export interface AlertEvent {
  readonly topic: string;
  /**
   * Id of the topic, which tells topics of the same name apart; null if the source has no Kafka
   * topics.
   */
  readonly topicId: string | null;
  readonly partition: number;
  readonly offset: number;
  readonly id: string;
  /** Event time, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** Entity of the event; null if events are independent of each other. */
  readonly entity: string | null;
}

/** Parts of an alert: row `row` of a table, its scores and its explanation. */
export interface AlertParts {
  readonly detector: string;
  readonly modelVersion: number;
  /** p-value threshold that was applied. */
  readonly alpha: number;
  readonly bundle: ModelBundle;
  readonly table: FeatureTable;
  readonly scores: Scores;
  readonly row: number;
  /** Null if it follows later. */
  readonly explanation: Explanation | null;
  readonly event: AlertEvent;
}

/** Parts of an alert whose scores and values are at hand. */
export interface ScoredEvent {
  readonly detector: string;
  readonly reason: AnomalyReason;
  readonly pValue: number;
  readonly pMethod: PValueMethod;
  readonly alpha: number;
  /** −Infinity for an event outside its domain. */
  readonly logDensityNats: number;
  readonly observed: Alert['observed'];
  readonly explanation: Explanation | null;
  readonly model: Alert['model'];
  readonly event: AlertEvent;
}

/** Reason why a scored row is an anomaly. */
export function anomalyReason(scores: Scores, row: number): AnomalyReason {
  return scores.outOfDomain[row] === 1 ? 'out_of_domain' : componentAt(scores, row);
}

/**
 * Builds the alert of an anomalous event. Pure: the same event and model give the same alert,
 * including its id.
 */
export function buildAlert({ modelVersion, bundle, table, scores, row, ...parts }: AlertParts): Alert {
  return alertOf({
    ...parts,
    reason: anomalyReason(scores, row),
    pValue: valueAt(scores.pValues, row),
    pMethod: at(scores.pMethods, row),
    logDensityNats: valueAt(scores.logDensityNats, row),
    observed: rowValues(bundle.schema, table, row),
    model: modelOf(bundle, modelVersion),
  });
}

/** A model as an alert names it. */
export function modelOf({ metadata }: ModelBundle, version: number): Alert['model'] {
  return { version, family: metadata.family, trainedRows: metadata.history.train.rows };
}

/** Builds the alert of an anomalous event from its scores and values. Pure. */
export function alertOf({
  detector,
  reason,
  pValue,
  pMethod,
  alpha,
  observed,
  model,
  event,
  ...parts
}: ScoredEvent): Alert {
  const { logDensityNats, explanation } = parts;
  const { expected, contributions, nearestNormal, summary } = explanation ?? deferredExplanation(pValue);
  return {
    alertId: alertId(detector, event.topic, event.partition, event.offset, 'opened', 0, event.topicId),
    detector,
    reason,
    score: {
      ...{ pValue, pMethod, alpha, surpriseBits: surpriseBits(pValue) },
      logDensityNats: Number.isFinite(logDensityNats) ? logDensityNats : null,
    },
    observed,
    ...{ expected, contributions, nearestNormal, summary },
    explanation: explanation === null ? 'deferred' : 'complete',
    model,
    event: {
      topic: event.topic,
      partition: event.partition,
      offset: event.offset,
      id: event.id,
      time: new Date(event.timeMs).toISOString(),
      entity: event.entity,
    },
  };
}

/** Stands for an explanation that follows. */
function deferredExplanation(pValue: number): Explanation {
  const summary = `${formatBits(surpriseBits(pValue))} bits; the explanation follows`;
  return { contributions: [], expected: {}, nearestNormal: null, summary };
}
