import { at, FlowlineError, quoteText } from '@flowline/events';

import type { Database } from './database.ts';
import { alertMissing } from './alert-actions.ts';
import { type AlertRow, selectAlertOfAnomaly, selectAlertOfUuid, selectAlertsBetween } from './sql/alert-lists.ts';
import { withTransaction } from './transaction.ts';

/** Least characters of an id's beginning: fewer are typed by mistake. */
const LEAST_CHARACTERS = 4;
/** Alerts that an error about an ambiguous id names. */
const MOST_NAMED = 5;
const HEX_CHARACTERS = 32;

/**
 * Finds an alert by its id, or by the beginning of it that no other alert has.
 * @throws FlowlineError FLOWLINE_NOT_FOUND, with the alert that is probably meant if the id is of
 * an anomaly, of a message or a fingerprint; FLOWLINE_USAGE if the beginning is too short, or that
 * of several alerts.
 */
export async function findAlert(db: Database, written: string): Promise<AlertRow> {
  const id = written.trim().toLowerCase();
  const hex = id.replaceAll('-', '');
  const isBeginning = /^[0-9a-f]*$/.test(hex) && hex.length <= HEX_CHARACTERS;
  if (isBeginning && hex.length >= LEAST_CHARACTERS) {
    const range = { first: hex.padEnd(HEX_CHARACTERS, '0'), last: hex.padEnd(HEX_CHARACTERS, 'f') };
    const found = await withTransaction(db, (client) =>
      selectAlertsBetween(client, { ...range, limit: MOST_NAMED + 1 }),
    );
    if (found.length === 1) return at(found, 0);
    if (found.length > 1) throw ambiguous(id, found);
  }
  throw (
    (await ofAnotherKind(db, id, hex)) ?? (isBeginning && hex.length < LEAST_CHARACTERS ? tooShort(id) : missing(id))
  );
}

/** Error for the id of something else that has an alert; null if it is of nothing. */
async function ofAnotherKind(db: Database, id: string, hex: string): Promise<FlowlineError | null> {
  if (/^\d{1,15}$/.test(id)) {
    const found = await withTransaction(db, (client) => selectAlertOfAnomaly(client, { anomalyId: Number(id) }));
    return found === null ? null : otherKind(id, 'an anomaly', found.alertId);
  }
  if (hex.length !== HEX_CHARACTERS || !/^[0-9a-f]+$/.test(hex)) return null;
  const found = await withTransaction(db, (client) => selectAlertOfUuid(client, { id: hex }));
  if (found === null) return null;
  return otherKind(id, found.kind === 'message' ? 'a message about an alert' : 'a fingerprint', found.alertId);
}

function otherKind(id: string, kind: string, alertId: string | null): FlowlineError {
  return new FlowlineError('FLOWLINE_NOT_FOUND', `${id} is the id of ${kind}, not of an alert.`, {
    where: `alert ${id}`,
    remedy: alertId === null ? 'It is part of no alert: a rule suppressed it.' : `Name its alert: ${alertId}.`,
  });
}

function ambiguous(id: string, found: readonly AlertRow[]): FlowlineError {
  const named = found.slice(0, MOST_NAMED).map(({ alertId, detector, state }) => `${alertId} (${detector}, ${state})`);
  const more = found.length > MOST_NAMED ? ', and more' : '';
  return new FlowlineError('FLOWLINE_USAGE', `${id} begins the ids of several alerts: ${named.join(', ')}${more}.`, {
    where: `alert ${id}`,
    remedy: 'Write more of the id.',
  });
}

const tooShort = (id: string): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', `"${id}" is too short for the id of an alert.`, {
    where: 'the id of an alert',
    remedy: `Write at least its first ${LEAST_CHARACTERS} characters; \`flowline alerts ls\` lists them.`,
  });

const missing = (id: string): FlowlineError => alertMissing(/^[0-9a-f-]+$/.test(id) ? id : quoteText(id, 100));
