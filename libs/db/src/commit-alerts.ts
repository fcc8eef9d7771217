import {
  type AlertLife,
  type AlertMessage,
  type AlertRules,
  anomalyAlertMessage,
  type BatchObservation,
  fingerprintOf,
  observeBatch,
  type ObservedBatch,
  type Storm,
  stormAlertMessage,
  type Transition,
} from '@flowline/alerts';
import { type Alert, type Anomaly, type AnomalyBatch, at, entry } from '@flowline/events';
import type pg from 'pg';

import {
  batchTimeMs,
  type Fingerprinted,
  fingerprinter,
  nameOf,
  observation,
  withoutRepeats,
} from './alert-observations.ts';
import { AlertPeaks } from './alert-peaks.ts';
import { type AlertPlace, alertRowsJson, lifeOf, type StoredAlert, stormOf } from './alert-states.ts';
import {
  type AlertStateRow,
  lockAlerts,
  selectAlertPeaks,
  selectAlertsOfEvents,
  selectAlertStates,
  upsertAlertsAndDue,
} from './sql/alerts.ts';

/** Rules of a batch's alerts. */
export interface AlertingRules {
  readonly rules: AlertRules;
  /** True if event ids identify events: a repeated id belongs to the alert of the first. */
  readonly oncePerEvent: boolean;
}

/** Alerts of a batch: the one that each anomaly belongs to, and the messages in order. */
export interface CommittedAlerts {
  readonly alertIds: readonly string[];
  readonly messages: readonly AlertMessage[];
}

/** A batch's alerts on their way: what was stored before, and what the batch makes of it. */
interface Alerting {
  readonly stored: readonly AlertStateRow[];
  /** Lives before the batch, by alert. */
  readonly before: ReadonlyMap<string, AlertLife>;
  readonly anomalies: readonly Fingerprinted[];
  readonly observed: ObservedBatch;
  readonly peaks: AlertPeaks;
  /** Fingerprint of the storms of the source. */
  readonly stormPrint: string;
}

/** Open alerts that a batch resolves at most because their time has come; the next goes on. */
const MAX_DUE = 1_000;

/**
 * Takes the new anomalies of a batch through the lives of their alerts and stores these, within the
 * transaction of the batch; then the event time of the batch passes.
 */
export async function commitAlerts(
  client: pg.PoolClient,
  batch: AnomalyBatch,
  anomalies: readonly Anomaly[],
  timeMs: number | null,
  { rules, oncePerEvent }: AlertingRules,
): Promise<CommittedAlerts> {
  const { detector, topic, partition } = batch;
  const place: AlertPlace = { detector, topic, partition };
  await lockAlerts(client, { detector, topic });
  const known = oncePerEvent ? await alertsOfEvents(client, place, anomalies) : new Map<string, string>();
  const fresh = withoutRepeats(anomalies, known, oncePerEvent).map(fingerprinter(topic, rules));
  // An anomaly whose own time is none has that of its batch, also while no time passes.
  const batchMs = timeMs ?? batchTimeMs(batch, 0);
  const observations = fresh.map((anomaly) => observation(anomaly, batchMs));
  const alerting = await observed(client, place, { anomalies: fresh, observations }, timeMs, rules);
  const messages = await writeMessages(client, messagesOf(alerting), detector);
  const changed = changedAlerts(alerting);
  await upsertAlertsAndDue(client, { rows: alertRowsJson(changed, place, rules), ...place });
  fresh.forEach(({ anomaly }, i) => known.set(nameOf(anomaly, oncePerEvent), at(alerting.observed.alertIds, i)));
  return {
    alertIds: anomalies.map((anomaly) => entry(known, nameOf(anomaly, oncePerEvent))),
    messages: messages.filter(({ state }) => rules.sendResolved || state !== 'resolved'),
  };
}

/** The alerts to which earlier events of the same ids belong. */
async function alertsOfEvents(client: pg.PoolClient, { detector, topic }: AlertPlace, anomalies: readonly Anomaly[]) {
  const eventIds = anomalies.map(({ alert }) => alert.event.id);
  if (eventIds.length === 0) return new Map<string, string>();
  const rows = await selectAlertsOfEvents(client, { detector, topic, eventIds });
  return new Map(rows.map(({ eventId, alertId }) => [eventId, alertId]));
}

async function observed(
  client: pg.PoolClient,
  place: AlertPlace,
  { anomalies, observations }: Pick<Alerting, 'anomalies'> & { readonly observations: readonly BatchObservation[] },
  timeMs: number | null,
  rules: AlertRules,
): Promise<Alerting> {
  const { detector, topic } = place;
  const stormPrint = fingerprintOf({ detector, kind: 'storm', entity: null, group: [topic] });
  const stored = await selectAlertStates(client, {
    ...place,
    fingerprints: [...new Set([stormPrint, ...anomalies.map(({ fingerprint }) => fingerprint)])],
    time: timeMs === null ? null : new Date(timeMs),
    limit: MAX_DUE,
  });
  const lives = new Map(stored.map((row) => [row.fingerprint, lifeOf(row)]));
  const stormRow = stored.find(({ fingerprint }) => fingerprint === stormPrint);
  const alerting = {
    lives: new Map([...lives].filter(([fingerprint]) => fingerprint !== stormPrint)),
    storm: stormRow === undefined ? null : stormOf(stormRow, entry(lives, stormPrint)),
    snoozed: new Set(stored.filter(({ snoozed }) => snoozed).map(({ fingerprint }) => fingerprint)),
  };
  const before = new Map([...lives.values()].map((life) => [life.alertId, life]));
  const peaks = new AlertPeaks(new Map([...before].map(([alertId, { peakBits }]) => [alertId, peakBits])));
  return {
    stored,
    before,
    anomalies,
    observed: observeBatch(alerting, observations, timeMs, rules),
    peaks,
    stormPrint,
  };
}

/** A message that is still to be written. */
interface Draft {
  readonly fingerprint: string;
  readonly transition: Transition;
  /** The storm that it is about, or the most surprising anomaly so far; null if that is stored. */
  readonly about: Storm | Alert | null;
}

/** Drafts the messages in order, each with the most surprising anomaly of its alert so far. */
function messagesOf({ observed: batch, anomalies, peaks, stormPrint }: Alerting): Draft[] {
  let next = 0;
  const reach = (index: number): void => {
    for (; next <= index; next++) peaks.add(at(batch.alertIds, next), at(anomalies, next).anomaly);
  };
  const storms = new Map(
    [...batch.endedStorms, ...(batch.storm === null ? [] : [batch.storm])].map((storm) => [storm.life.alertId, storm]),
  );
  const drafts = batch.messages.map(({ fingerprint, transition, anomaly }): Draft => {
    reach(anomaly ?? anomalies.length - 1);
    const { alertId } = transition.life;
    return fingerprint === null
      ? { fingerprint: stormPrint, transition, about: entry(storms, alertId) }
      : { fingerprint, transition, about: peaks.of(alertId) };
  });
  reach(anomalies.length - 1);
  return drafts;
}

/** Writes messages; peaks of earlier batches are read for them. */
async function writeMessages(
  client: pg.PoolClient,
  drafts: readonly Draft[],
  detector: string,
): Promise<AlertMessage[]> {
  const alertIds = drafts.flatMap(({ about, transition }) => (about === null ? [transition.life.alertId] : []));
  const rows = alertIds.length === 0 ? [] : await selectAlertPeaks(client, { alertIds });
  const peaks = new Map(rows.map(({ alertId, peak }) => [alertId, peak]));
  return drafts.map(({ fingerprint, transition, about }) => {
    if (about !== null && 'life' in about) return stormAlertMessage(detector, fingerprint, transition, about);
    return anomalyAlertMessage(fingerprint, transition, about ?? entry(peaks, transition.life.alertId));
  });
}

/** Alerts that the batch has changed. */
function changedAlerts({ stored, before, anomalies, observed: batch, peaks, stormPrint }: Alerting): StoredAlert[] {
  const named = new Map<string, Pick<StoredAlert, 'kind' | 'entity' | 'feature'>>([
    ...stored.map((row) => [row.fingerprint, row] as const),
    ...anomalies.map((anomaly) => [anomaly.fingerprint, anomaly] as const),
  ]);
  const alertOf = (fingerprint: string, life: AlertLife, isLatest: boolean): StoredAlert => {
    const { kind, entity, feature } = entry(named, fingerprint);
    return { fingerprint, kind, entity, feature, life, isLatest, peak: peaks.of(life.alertId), storm: null };
  };
  const stormAlert = (storm: Storm, isLatest: boolean): StoredAlert => ({
    ...{ fingerprint: stormPrint, kind: 'storm', entity: null, feature: null, isLatest },
    ...{ life: storm.life, peak: null, storm },
  });
  const latest = [
    ...[...batch.lives].map(([fingerprint, life]) => alertOf(fingerprint, life, true)),
    ...(batch.storm === null ? [] : [stormAlert(batch.storm, true)]),
  ];
  return [
    ...batch.ended.map(({ fingerprint, life }) => alertOf(fingerprint, life, false)),
    ...batch.endedStorms.map((storm) => stormAlert(storm, false)),
    ...latest.filter(({ life }) => before.get(life.alertId) !== life),
  ];
}
