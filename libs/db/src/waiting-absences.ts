import {
  absenceAlertMessage,
  absenceAlertPolicy,
  absenceStormFingerprint,
  passStormTime,
  type Storm,
  stormAlertMessage,
  tell,
} from '@flowline/alerts';
import type pg from 'pg';

import { absenceAlert, absenceStorm, type ClockedAlerts, storeClocked } from './absence-alerts.ts';
import { lifeOf, stormOf } from './alert-states.ts';
import { selectWaitingAbsences } from './sql/absences.ts';
import { type AlertStateRow, lockAlerts, selectAlertStates } from './sql/alerts.ts';
import { storeMessages } from './store-messages.ts';
import type { WatchedStream } from './watched-stream.ts';

type WaitingRow = AlertStateRow & { readonly partition: number };

/** Alerts per look. */
const LIMIT = 1_000;

/**
 * Lets the clock pass for a stream's absences: resolves their storm, and tells of silences that
 * last beyond the cooldown or the snooze that kept them back.
 */
export async function passAbsenceTime(client: pg.PoolClient, stream: WatchedStream, atMs: number): Promise<void> {
  const { detector, topic, addresses } = stream;
  const stormPrint = absenceStormFingerprint(detector, topic);
  const waiting = { detector, topic, stormPrint, limit: LIMIT };
  if ((await selectWaitingAbsences(client, waiting)).length === 0) return;
  await lockAlerts(client, { detector, topic });
  const rows = await selectWaitingAbsences(client, waiting);
  const latest = { detector, topic, partition: 0, fingerprints: [stormPrint], time: null, limit: 0 };
  const [stormRow] = await selectAlertStates(client, latest);
  const storm = stormRow === undefined ? null : stormOf(stormRow, lifeOf(stormRow));
  const changes = rows.map((row) =>
    row.kind === 'storm' ? passedStorm(stream, row, stormPrint, atMs) : toldAgain(stream, row, storm, atMs),
  );
  await storeMessages(client, detector, await storeClocked(client, stream, changes), addresses);
}

const NOTHING: ClockedAlerts = { alerts: [], messages: [] };

function passedStorm({ detector, rules }: WatchedStream, row: WaitingRow, print: string, atMs: number): ClockedAlerts {
  const before = stormOf(row, lifeOf(row));
  if (before === null) return NOTHING;
  const { storm, transitions } = passStormTime(before, atMs, rules);
  if (storm.life.phase === 'open') return NOTHING;
  return {
    alerts: [{ alert: absenceStorm(print, storm, true), partition: row.partition }],
    messages: transitions.map((transition) => stormAlertMessage(detector, print, transition, storm)),
  };
}

/** An open absence that people have not heard of, or not again since it was resolved. */
function toldAgain(stream: WatchedStream, row: WaitingRow, storm: Storm | null, atMs: number): ClockedAlerts {
  const { fingerprint, entity, absence, snoozed, partition } = row;
  const life = lifeOf(row);
  if (absence === null || isListedBy(storm, life.lastMs)) return NOTHING;
  const policy = absenceAlertPolicy(stream.rules, stream.policy);
  const hold = snoozed ? 'everything' : storm?.life.phase === 'open' ? 'openings' : 'nothing';
  const told = tell({ ...life, lastMs: Math.max(life.lastMs, Math.floor(atMs)) }, policy, hold);
  if (told.transition === null) return NOTHING;
  const subject = { detector: stream.detector, entity };
  return {
    alerts: [{ alert: absenceAlert({ fingerprint, entity }, told.life, true), partition }],
    messages: [absenceAlertMessage(subject, fingerprint, told.transition, absence)],
  };
}

/** True if a storm that people have heard of stands for an opening at a time. */
const isListedBy = (storm: Storm | null, timeMs: number): boolean =>
  storm !== null && storm.life.told !== 'nothing' && timeMs >= storm.life.firstMs && timeMs <= storm.life.lastMs;
