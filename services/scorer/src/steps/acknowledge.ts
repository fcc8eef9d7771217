import type { CommittedEvents } from './commit.ts';

/** Releases the model of a stored batch and lets the source read on. */
export function acknowledge({ lease, source }: CommittedEvents): void {
  lease.release();
  source.done();
}
