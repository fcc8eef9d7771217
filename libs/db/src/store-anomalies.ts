import type { AlertRules } from '@flowline/alerts';
import { type Anomaly, type AnomalyBatch, at } from '@flowline/events';
import type pg from 'pg';

import { commitAlerts, type CommittedAlerts } from './commit-alerts.ts';
import { anomalyRows } from './batch-rows.ts';
import { copyRows } from './copy-rows.ts';
import { copyAnomalies } from './sql/anomalies.ts';
import { type AlertAddress, storeMessages } from './store-messages.ts';

/** Alerts of a source: their rules, and where messages about them go. */
export interface AlertingOptions {
  /** Topic of the sink `kafka` for messages about alerts; null if it gets none. */
  readonly alertTopic: string | null;
  /** Other sinks for these messages (default none). */
  readonly alertSinks?: readonly AlertAddress[];
  /**
   * Rules by which anomalies become alerts. By default every anomaly is an alert of its own, and
   * nobody is told of resolutions.
   */
  readonly alertRules?: AlertRules;
  /** True if event ids identify events: a repeated id raises no second alert (default false). */
  readonly oncePerEvent?: boolean;
}

/** Anomalies of a batch that are not stored yet. */
export interface NewAnomalies {
  readonly anomalies: readonly Anomaly[];
  /** Event time that the stream has reached; null if it is unknown. */
  readonly timeMs: number | null;
  /** True if an alert of the stream is due to be resolved at that time. */
  readonly isDue: boolean;
}

/** Rules by which every anomaly is an alert of its own. */
const EACH_ANOMALY: AlertRules = {
  ...{ groupBy: ['event'], sendResolved: false, minEvents: { count: 1, withinMs: 1 } },
  ...{ cooldownMs: 0, resolveAfterMs: 900_000, mergeGapMs: 0 },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: Number.MAX_SAFE_INTEGER - 1, windowMs: 1 },
};

const NO_ALERTS: CommittedAlerts = { alertIds: [], messages: [] };

/**
 * Stores anomalies, what becomes of their alerts and the messages about that, within a transaction;
 * also resolves the alerts of the stream that are due.
 */
export async function storeAnomalies(
  client: pg.PoolClient,
  batch: AnomalyBatch,
  { anomalies, timeMs, isDue }: NewAnomalies,
  options: AlertingOptions,
): Promise<void> {
  const { alertTopic: topic, alertSinks = [], alertRules: rules = EACH_ANOMALY, oncePerEvent = false } = options;
  const told = anomalies.filter(({ verdict }) => (verdict?.suppressedBy ?? null) === null);
  const { alertIds, messages } =
    told.length === 0 && !isDue ? NO_ALERTS : await commitAlerts(client, batch, told, timeMs, { rules, oncePerEvent });
  if (anomalies.length > 0) {
    const alertOfAnomaly = new Map(told.map((anomaly, i) => [anomaly, at(alertIds, i)]));
    const ids = anomalies.map((anomaly) => alertOfAnomaly.get(anomaly) ?? null);
    await copyRows(client, copyAnomalies, anomalyRows(batch, anomalies, ids));
  }
  const addresses = [...(topic === null ? [] : [{ sink: 'kafka', topic }]), ...alertSinks];
  await storeMessages(client, batch.detector, messages, addresses);
}
