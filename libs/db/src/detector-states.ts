import type { Database } from './database.ts';
import { detectorMissing, getDetector } from './detectors.ts';
import { type DataTable, dataTables, deleteRowsOf } from './sql/detector-rows-delete.ts';
import { setDropping } from './sql/detector-dropping.ts';
import { updateDetectorState } from './sql/detector-state-update.ts';
import { lockDetectorStreams } from './sql/detector-stream-lock.ts';
import { selectDetectorState } from './sql/detector-state-select.ts';
import { withdrawAlerts } from './sql/outbox-withdraw.ts';
import { pruneArtifacts } from './sql/model-artifacts-prune.ts';
import { withTransaction } from './transaction.ts';

/** Removing the events of a large detector takes its time; it blocks nobody. */
const DROP_TIMEOUT_MS = 3_600_000;

/**
 * Lets a detector rest: it is not scored and not trained on schedule until it is resumed; it goes on where it stopped.
 * @returns whether it was active before.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export function pauseDetector(db: Database, name: string): Promise<boolean> {
  return changeState(db, name, 'active', 'paused');
}

/** Ends a pause. @returns whether it was paused before. @throws FlowlineError FLOWLINE_DETECTOR_MISSING. */
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
  return (await withTransaction(db, (client) => updateDetectorState(client, name, to, [from]))).length > 0;
}

/** How many rows of each table went with a detector. */
export type DroppedData = Readonly<Partial<Record<DataTable, number>>>;

/**
 * Deletes a detector: no service knows it any more. Its definitions stay, so that what refers to a version can be understood, and
 * applying it again revives it. Its alerts that wait are not sent any more. With `dropData` its events, anomalies, alerts, dead letters,
 * models, training runs and offsets go; a batch that is on its way is stored wholly before, or refused. Until all of that is gone the
 * detector is not revived, also where it was interrupted: repeating it does what is left.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING for a name that was never applied.
 */
export async function deleteDetector(
  db: Database,
  name: string,
  { dropData }: { readonly dropData: boolean },
): Promise<DroppedData> {
  await withTransaction(db, async (client) => {
    // From here on no stream of it can begin; those that have begun end with their offset, which goes in this transaction.
    await lockDetectorStreams(client, name, true);
    await updateDetectorState(client, name, 'deleted', ['active', 'paused']);
    const [found] = await selectDetectorState(client, name);
    if (found === undefined) throw detectorMissing(name);
    if (!dropData) {
      await withdrawAlerts(client, name);
      return;
    }
    await setDropping(client, name, true);
    await deleteRowsOf('stream_offsets')(client, name);
  });
  return dropData ? dropDataOf(db, name) : {};
}

function dropDataOf(db: Database, name: string): Promise<DroppedData> {
  return withTransaction(
    db,
    async (client) => {
      // Held to the end: of two who drop, one waits for the other.
      await setDropping(client, name, true);
      await client.query("SET LOCAL flowline.dropping_data = 'on'");
      const dropped: Partial<Record<DataTable, number>> = {};
      for (const table of dataTables) {
        const [row] = await deleteRowsOf(table)(client, name);
        if ((row?.removed ?? 0) > 0) dropped[table] = row?.removed ?? 0;
      }
      await pruneArtifacts(client);
      await setDropping(client, name, false);
      return dropped;
    },
    { timeoutMs: DROP_TIMEOUT_MS },
  );
}
