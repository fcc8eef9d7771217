import {
  absenceAlertId,
  absenceAlertMessage,
  absenceAlertPolicy,
  absenceFingerprint,
  absenceOf,
  absenceStormFingerprint,
  absenceSummary,
  type AlertLife,
  type AlertMessage,
  type ArrivalVerdict,
  type BatchObservation,
  type Expectation,
  observeBatch,
  type ObservedBatch,
  resolve,
  type Storm,
  stormAlertMessage,
} from '@flowline/alerts';
import { at, entry } from '@flowline/events';
import type pg from 'pg';

import { type AlertPlace, alertRowsJson, lifeOf, type StoredAlert, stormOf } from './alert-states.ts';
import type { ArrivalRow } from './sql/absences.ts';
import { type AlertStateRow, selectAlertStates, type StoredAbsence, upsertAlerts } from './sql/alerts.ts';
import type { WatchedStream } from './watched-stream.ts';

/** Stream or entity at a look, with the verdict. */
export interface Silence extends Omit<ArrivalRow, 'entity'> {
  /** Name under which its arrivals are noted. */
  readonly name: string;
  /** Null for the stream as a whole. */
  readonly entity: string | null;
  /** Time of the look; null if nothing is known of its partition. */
  readonly atMs: number | null;
  readonly verdict: ArrivalVerdict;
  /** Interval that was expected, and the silence after which an alert opens. */
  readonly expected: Expectation;
}

/** Alerts that the clock has changed, each with its partition, and the messages about it. */
export interface ClockedAlerts {
  readonly alerts: readonly { readonly alert: StoredAlert; readonly partition: number }[];
  readonly messages: readonly AlertMessage[];
}

type Subject = Pick<WatchedStream, 'detector' | 'topic' | 'policy' | 'rules'>;

/** A silence with the alert of its stream or entity. */
interface Watched extends Silence {
  readonly fingerprint: string;
  /** The latest alert; null for none. */
  readonly row: AlertStateRow | null;
  readonly absence: StoredAbsence;
}

/** Name under which a storm counts absences: no feature is called that. */
const ABSENCE = '(absence)';

/**
 * Takes silences that begin to count, and those that have ended, through the lives of their alerts,
 * under the lock of their source. Stores the alerts and returns the messages about them.
 */
export async function alertOfSilences(
  client: pg.PoolClient,
  stream: Subject,
  silences: readonly Silence[],
): Promise<readonly AlertMessage[]> {
  const changed = silences.filter(({ verdict }) => verdict !== 'unchanged');
  if (changed.length === 0) return [];
  const { detector, topic } = stream;
  const stormPrint = absenceStormFingerprint(detector, topic);
  const prints = changed.map(({ entity }) => absenceFingerprint(detector, topic, entity));
  const fingerprints = [stormPrint, ...prints];
  const rows = await selectAlertStates(client, { detector, topic, partition: 0, fingerprints, time: null, limit: 0 });
  const stored = new Map(rows.map((row) => [row.fingerprint, row]));
  const watched = changed.map((silence, i): Watched => {
    const fingerprint = at(prints, i);
    const absence = absenceOf(silence.lastSeenMs, silence.expected);
    const summary = absenceSummary(silence.entity, absence);
    return { ...silence, fingerprint, row: stored.get(fingerprint) ?? null, absence: { ...absence, summary } };
  });
  const ended = watched.flatMap(({ verdict, row, partition, lastSeenMs, atMs }) => {
    if (verdict === 'absent' || row === null) return [];
    return [resolvedAbsence(detector, row, partition, verdict === 'back' ? lastSeenMs : (atMs ?? lastSeenMs))];
  });
  return storeClocked(client, stream, [...ended, opened(stream, watched, stored.get(stormPrint) ?? null)]);
}

/** Stores alerts that the clock has changed, and returns the messages that people are told. */
export async function storeClocked(
  client: pg.PoolClient,
  { detector, topic, rules }: Pick<Subject, 'detector' | 'topic' | 'rules'>,
  changes: readonly ClockedAlerts[],
): Promise<readonly AlertMessage[]> {
  const byPartition = new Map<number, StoredAlert[]>();
  for (const { alert, partition } of changes.flatMap(({ alerts }) => alerts)) {
    byPartition.set(partition, [...(byPartition.get(partition) ?? []), alert]);
  }
  for (const [partition, alerts] of byPartition) {
    const place: AlertPlace = { detector, topic, partition };
    await upsertAlerts(client, { rows: alertRowsJson(alerts, place, rules) });
  }
  const messages = changes.flatMap((change) => change.messages);
  return messages.filter(({ state }) => rules.sendResolved || state !== 'resolved');
}

/** The alert of a stream or an entity that has come back or is not watched; or a storm of them. */
export function resolvedAbsence(
  detector: string,
  row: AlertStateRow,
  partition: number,
  resolvedMs: number,
): ClockedAlerts {
  const { fingerprint, entity, absence, phase } = row;
  if (phase !== 'open') return { alerts: [], messages: [] };
  const { life, transition } = resolve(lifeOf(row), Math.floor(resolvedMs));
  const storm = stormOf(row, life);
  if (storm !== null) {
    const messages = transition === null ? [] : [stormAlertMessage(detector, fingerprint, transition, storm)];
    return { alerts: [{ alert: absenceStorm(fingerprint, storm, true), partition }], messages };
  }
  if (absence === null) return { alerts: [], messages: [] };
  const messages =
    transition === null ? [] : [absenceAlertMessage({ detector, entity }, fingerprint, transition, absence)];
  return { alerts: [{ alert: absenceAlert({ fingerprint, entity, absence }, life, true), partition }], messages };
}

/** Absence alert as it is stored; an absence that is not given stays as it is. */
export const absenceAlert = (
  { fingerprint, entity, absence }: { fingerprint: string; entity: string | null; absence?: StoredAbsence },
  life: AlertLife,
  isLatest: boolean,
): StoredAlert => ({
  ...{ fingerprint, kind: 'absence', entity, feature: null, life, isLatest, peak: null, storm: null },
  ...(absence === undefined ? {} : { absence }),
  isWatched: true,
});

/** Storm of absences as it is stored. */
export const absenceStorm = (fingerprint: string, storm: Storm, isLatest: boolean): StoredAlert => ({
  ...{ fingerprint, kind: 'storm', entity: null, feature: null, life: storm.life, isLatest, peak: null, storm },
  isWatched: true,
});

/** Alerts that silences open or reopen, and the storm that may stand for them. */
function opened(stream: Subject, watched: readonly Watched[], stormRow: AlertStateRow | null): ClockedAlerts {
  // An alert of this very silence that is there already was resolved by hand.
  const begun = watched.filter(
    ({ verdict, row, absence }) => verdict === 'absent' && row?.absence?.lastEvent !== absence.lastEvent,
  );
  const lives = new Map(
    begun.flatMap(({ fingerprint, row }) => (row === null ? [] : [[fingerprint, lifeOf(row)] as const])),
  );
  const snoozed = new Set(begun.flatMap(({ fingerprint, row }) => (row?.snoozed === true ? [fingerprint] : [])));
  const storm = stormRow === null ? null : stormOf(stormRow, lifeOf(stormRow));
  const policy = absenceAlertPolicy(stream.rules, stream.policy);
  return clocked(stream, begun, observeBatch({ lives, storm, snoozed }, begun.map(observation), null, policy));
}

function clocked({ detector, topic }: Subject, begun: readonly Watched[], seen: ObservedBatch): ClockedAlerts {
  const [first] = begun;
  if (first === undefined) return { alerts: [], messages: [] };
  const stormPrint = absenceStormFingerprint(detector, topic);
  const storms = [...seen.endedStorms, ...(seen.storm === null ? [] : [seen.storm])];
  const stormOfAlert = new Map(storms.map((storm) => [storm.life.alertId, storm]));
  const named = new Map(begun.map((silence) => [silence.fingerprint, silence]));
  const alerts = [
    ...seen.ended.map(({ fingerprint, life }) => {
      const { entity, partition } = entry(named, fingerprint);
      return { alert: absenceAlert({ fingerprint, entity }, life, false), partition };
    }),
    ...[...seen.lives].map(([fingerprint, life]) => {
      const silence = entry(named, fingerprint);
      return { alert: absenceAlert(silence, life, true), partition: silence.partition };
    }),
    ...storms.map((storm) => ({
      alert: absenceStorm(stormPrint, storm, storm === seen.storm),
      partition: first.partition,
    })),
  ];
  const messages = seen.messages.map(({ fingerprint, transition }) => {
    if (fingerprint === null) {
      return stormAlertMessage(detector, stormPrint, transition, entry(stormOfAlert, transition.life.alertId));
    }
    const { entity, absence } = entry(named, fingerprint);
    return absenceAlertMessage({ detector, entity }, fingerprint, transition, absence);
  });
  return { alerts, messages };
}

const observation = ({ fingerprint, entity, lastSeenMs, atMs }: Watched): BatchObservation => ({
  ...{ fingerprint, entity, feature: ABSENCE, bits: 0 },
  alertId: absenceAlertId(fingerprint, lastSeenMs),
  timeMs: Math.floor(atMs ?? lastSeenMs),
});
