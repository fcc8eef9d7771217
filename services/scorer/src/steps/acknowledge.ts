import type { PartitionIds } from '../ids/partition-ids.ts';
import type { PartitionWindows } from '../windows/partition-windows.ts';
import type { CommittedEvents } from './commit.ts';

/**
 * Releases the model of a stored batch, tells the windows if their snapshot was not stored and the
 * ids which events were refused, and lets the source read on.
 */
export const acknowledge =
  (windows: PartitionWindows, ids: PartitionIds) =>
  ({ lease, source, report }: CommittedEvents): void => {
    lease.release();
    if (report.windowsRefused === true) windows.refused(source);
    if (report.refusedOffsets !== undefined) ids.refused(source, report.refusedOffsets);
    source.done();
  };
