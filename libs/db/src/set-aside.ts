import {
  at,
  type CommitReport,
  type DeadLetter,
  messageOf,
  type EventBatch,
  type FlowlineError,
  type ScoredBatch,
  type StoredHeaders,
} from '@flowline/events';

import { asciiAlert, endedByRefusal } from './data-refusal.ts';
import { errorCode } from './database-error.ts';
import { asDeadLetter, offsetsOf, splitBatch } from './split-batch.ts';

/**
 * Commits a batch. If Postgres refuses it because of its data, the batch is bisected recursively,
 * with one commit per part in order, down to the refused records, each of which becomes a dead
 * letter. A kill in between leaves the records before some offset stored, as after any other batch.
 * @param commit stores a batch atomically.
 * @throws FlowlineError if even a dead letter is refused, or for a reason other than data.
 */
export async function commitSettingAside<B extends EventBatch>(
  batch: B,
  commit: (part: B) => Promise<CommitReport>,
): Promise<CommitReport> {
  try {
    return await commit(batch);
  } catch (error) {
    const offsets = offsetsOf(batch);
    const [first] = offsets;
    if (!endedByRefusal(error) || first === undefined) throw error;
    const middle = at(offsets, offsets.length >>> 1);
    if (middle === first) return commitAlone(batch, first, error, commit);
    const [before, after] = splitBatch(batch, middle);
    const stored = await commitSettingAside(before, commit);
    return addReports(stored, await commitSettingAside(after, commit));
  }
}

/**
 * Stores the only record of a batch: as an event with a plain-ASCII alert if only the alert's text
 * was refused, else as a dead letter, in plain ASCII if its own text is refused.
 */
async function commitAlone<B extends EventBatch>(
  batch: B,
  offset: number,
  refusal: FlowlineError,
  commit: (part: B) => Promise<CommitReport>,
): Promise<CommitReport> {
  const [known] = batch.deadLetters;
  const letter = known ?? refused(batch, offset, refusal);
  const refusedEvents = known === undefined ? 1 : 0;
  const store = async (one: DeadLetter) => {
    const report = await commit(asDeadLetter(batch, one));
    const refused = Math.min(refusedEvents, report.deadLetters);
    return { ...report, refused, ...(refused > 0 && batch.ids !== undefined ? { refusedOffsets: [offset] } : {}) };
  };
  const plain = withPlainAlert(batch);
  const attempts = [
    ...(plain === null ? [] : [() => commit(plain)]),
    ...(known === undefined ? [() => store(letter)] : []),
  ];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      if (!endedByRefusal(error)) throw error;
    }
  }
  return store(inAscii(letter));
}

/** Replaces the alert of a batch with one anomaly by an ASCII version; null for other batches. */
function withPlainAlert<B extends EventBatch>(batch: B): B | null {
  const { anomalies = [] }: Partial<ScoredBatch> = batch;
  const [anomaly] = anomalies;
  if (anomaly === undefined) return null;
  return { ...batch, anomalies: [{ ...anomaly, alert: asciiAlert(anomaly.alert) }] };
}

function refused({ recordAt }: EventBatch, offset: number, { cause }: FlowlineError): DeadLetter {
  const message = `Postgres refused the event (SQLSTATE ${errorCode(cause) ?? 'unknown'}): ${messageOf(cause)}`;
  return { ...recordAt(offset), reason: 'refused', field: null, message };
}

/** Converts all text of a dead letter to ASCII; text headers are stored as bytes. */
function inAscii(letter: DeadLetter): DeadLetter {
  const headers = Object.entries(letter.headers).map(([name, value]) => [
    ascii(name),
    Array.isArray(value) ? value.map(asBytes) : asBytes(value),
  ]);
  return {
    ...letter,
    field: letter.field === null ? null : ascii(letter.field),
    message: ascii(letter.message),
    headers: Object.fromEntries(headers) as StoredHeaders,
  };
}

const asBytes = (header: StoredHeaders[string]): StoredHeaders[string] =>
  typeof header === 'string' ? { base64: Buffer.from(header, 'utf8').toString('base64') } : header;

/** Escapes characters beyond ASCII as JSON does. */
const ascii = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

function addReports(a: CommitReport, b: CommitReport): CommitReport {
  const refusedOffsets = [...(a.refusedOffsets ?? []), ...(b.refusedOffsets ?? [])];
  return {
    stored: a.stored + b.stored,
    alreadyStored: a.alreadyStored + b.alreadyStored,
    anomalies: a.anomalies + b.anomalies,
    deadLetters: a.deadLetters + b.deadLetters,
    refused: a.refused + b.refused,
    ...(a.waiting === undefined && b.waiting === undefined ? {} : { waiting: (a.waiting ?? 0) + (b.waiting ?? 0) }),
    ...(b.windowsRefused === true ? { windowsRefused: true } : {}),
    ...(a.duplicates === undefined ? {} : { duplicates: a.duplicates + (b.duplicates ?? 0) }),
    ...(refusedOffsets.length === 0 ? {} : { refusedOffsets }),
  };
}
