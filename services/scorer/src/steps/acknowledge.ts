import type { PartitionWindows } from '../windows/partition-windows.ts';
import type { CommittedEvents } from './commit.ts';

/**
 * Releases the model of a stored batch, tells the windows if their snapshot was not stored, and
 * lets the source read on.
 */
export const acknowledge =
  (windows: PartitionWindows) =>
  ({ lease, source, report }: CommittedEvents): void => {
    lease.release();
    if (report.windowsRefused === true) windows.refused(source);
    source.done();
  };
