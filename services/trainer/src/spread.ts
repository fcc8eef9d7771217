import { createHash } from 'node:crypto';

/**
 * Delay of the runs of a detector within [0, jitterMs), by its name: detectors of one schedule are
 * spread evenly, and every trainer has the same delay for one of them.
 */
export function spreadMs(detector: string, jitterMs: number): number {
  const hash = createHash('sha256').update(detector).digest().readUInt32BE(0);
  return Math.floor((hash / 2 ** 32) * jitterMs);
}
