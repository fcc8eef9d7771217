import { at, turn } from '@flowline/events';
import type { Scorer } from '../scorer.ts';
import { SLICE_MS } from '../slices.ts';

const WARM_UP_MS = 12;
const WINDOWS = 4;
const WINDOW_MS = 4;
/** Batches grow only while a call takes no longer, and blocks this thread no longer, than these. */
const LONGEST_CALL_MS = 16;
const LONGEST_HOLD_MS = 2 * SLICE_MS;
/** Batches start at this size: enough tiles for about the rate of a large batch. */
const FEWEST_ROWS = 128;

/** Throughput of a scorer, with the batch size at which it was measured. */
export interface MeasuredRate {
  readonly eventsPerSecond: number;
  readonly rows: number;
}

/**
 * Events per second of a scorer at a batch size: the best of a few short windows after a warm-up,
 * timing only the calls. If a whole batch would take long, a smaller one is measured instead: call
 * overhead is negligible at that length, so the rate depends little on the batch size.
 */
export const measuredRate = async (
  scorer: Scorer,
  sampleRows: Float32Array,
  width: number,
  batch: number,
): Promise<MeasuredRate> => {
  const rows = new Float32Array(batch * width);
  for (let i = 0; i < rows.length; i++) rows[i] = at(sampleRows, i % sampleRows.length);
  let count = Math.min(batch, FEWEST_ROWS);
  let holdMs = 0;
  /** Duration of one call, in milliseconds. */
  const call = async (): Promise<number> => {
    const start = performance.now();
    const scores = scorer.score(rows, count);
    holdMs = performance.now() - start;
    await scores;
    return performance.now() - start;
  };
  const rateFor = async (milliseconds: number): Promise<number> => {
    let [calls, busy, slice] = [0, 0, 0];
    while (busy < milliseconds) {
      const elapsed = await call();
      calls++;
      busy += elapsed;
      slice += elapsed;
      if (slice < SLICE_MS) continue;
      await turn();
      slice = 0;
    }
    return (calls * count * 1000) / busy;
  };
  await turn();
  await call();
  await turn();
  for (let callMs = await call(); count < batch; callMs = await call()) {
    if (2 * holdMs > LONGEST_HOLD_MS || 2 * callMs > LONGEST_CALL_MS) break;
    await turn();
    count = Math.min(batch, 2 * count);
  }
  await rateFor(WARM_UP_MS);
  let best = 0;
  for (let window = 0; window < WINDOWS; window++) best = Math.max(best, await rateFor(WINDOW_MS));
  return { eventsPerSecond: best, rows: count };
};
