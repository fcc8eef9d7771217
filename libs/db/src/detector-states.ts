import type { Database } from './database.ts';
import { detectorMissing, getDetector } from './detectors.ts';
import { type DataTable, dataTables, deleteRowsOf } from './sql/detector-data.ts';
import { setBacklogAside } from './sql/anomaly-backlog.ts';
import { selectDetectorState, setDropping, updateDetectorState } from './sql/detectors.ts';
import { pruneArtifacts } from './sql/models.ts';
import { withdrawAlerts } from './sql/outbox.ts';
import { lockDetectorStreams } from './sql/streams.ts';
import { withTransaction } from './transaction.ts';

/** Timeout of a drop: deleting the events of a large detector takes long, but blocks nobody. */
const DROP_TIMEOUT_MS = 3_600_000;

/**
 * Pauses a detector: it is neither scored nor trained on schedule until it is resumed, and then
 * continues where it stopped.
 * @returns true if it was active before.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export function pauseDetector(db: Database, name: string): Promise<boolean> {
  return changeState(db, name, 'active', 'paused');
}

/**
 * Resumes a paused detector.
 * @returns true if it was paused before.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export function resumeDetector(db: Database, name: string): Promise<boolean> {
  return changeState(db, name, 'paused', 'active');
}

async function changeState(
  db: Database,
  name: string,
  from: 'active' | 'paused',
  to: 'active' | 'paused',
): Promise<boolean> {
  await getDetector(db, name);
  const change = { detector: name, state: to, from: [from] };
  return (await withTransaction(db, (client) => updateDetectorState(client, change))) !== null;
}

/** Number of rows deleted from each table with a detector. */
export type DroppedData = Readonly<Partial<Record<DataTable, number>>>;

/**
 * Deletes a detector, so that no service uses it any more. Its definitions stay: references to a
 * version remain readable, and applying it again revives it. Its waiting alerts are not sent, then
 * neither: anomalies that wait to be written out are set aside.
 *
 * With `dropData` its events, anomalies, alerts, dead letters, models, training runs and offsets
 * are deleted. A batch in flight is either stored completely before that, or refused. The detector
 * cannot be revived until everything is deleted, even after an interruption; a repeated call
 * deletes what is left.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING for a name that was never applied.
 */
export async function deleteDetector(
  db: Database,
  name: string,
  { dropData }: { readonly dropData: boolean },
): Promise<DroppedData> {
  await withTransaction(db, async (client) => {
    // From here on no stream of the detector can begin. Existing streams end with their offsets,
    // which are deleted in this transaction.
    await lockDetectorStreams(client, { detector: name, exclusive: true });
    await updateDetectorState(client, { detector: name, state: 'deleted', from: ['active', 'paused'] });
    const found = await selectDetectorState(client, { detector: name });
    if (found === null) throw detectorMissing(name);
    if (!dropData) {
      // In this order: a piece that is being written out, with its alerts, ends before the first.
      await setBacklogAside(client, { detector: name, ids: null, reason: 'the detector was deleted' });
      await withdrawAlerts(client, { detector: name });
      return;
    }
    await setDropping(client, { detector: name, dropping: true });
    await deleteRowsOf('stream_offsets')(client, { detector: name });
  });
  return dropData ? dropDataOf(db, name) : {};
}

function dropDataOf(db: Database, name: string): Promise<DroppedData> {
  return withTransaction(
    db,
    async (client) => {
      // Holds the row lock to the end, so that of two concurrent drops one waits for the other.
      await setDropping(client, { detector: name, dropping: true });
      await client.query("SET LOCAL flowline.dropping_data = 'on'");
      const dropped: Partial<Record<DataTable, number>> = {};
      for (const table of dataTables) {
        const { removed } = await deleteRowsOf(table)(client, { detector: name });
        if (removed > 0) dropped[table] = removed;
      }
      await pruneArtifacts(client);
      await setDropping(client, { detector: name, dropping: false });
      return dropped;
    },
    { timeoutMs: DROP_TIMEOUT_MS },
  );
}
