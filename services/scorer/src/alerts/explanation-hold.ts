import { EXPLANATION_WAIT_MS } from '@flowline/db';

/**
 * Creates the clock of messages that wait for their explanation: the longest time that one may have
 * waited, null for no limit. A relay that has just started lets none go without, however old:
 * explaining starts with it, and takes up what waits.
 */
export function explanationHold(nowMs: () => number = () => performance.now()): () => number | null {
  const startMs = nowMs();
  return () => (nowMs() - startMs < EXPLANATION_WAIT_MS ? null : EXPLANATION_WAIT_MS);
}
