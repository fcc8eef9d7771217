import type { CommittedEvents } from './commit.ts';

/** The batch is stored: its model is not needed any more, and the source may read on. */
export function acknowledge({ lease, source }: CommittedEvents): void {
  lease.release();
  source.done();
}
