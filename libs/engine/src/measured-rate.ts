import { at } from './at.ts';
import { breathe } from './breathe.ts';
import type { Scorer } from './scorer.ts';

const WARM_UP_MS = 12;
const WINDOWS = 4;
const WINDOW_MS = 4;
/** The event loop gets its turn after so long. */
const SLICE_MS = 3;

/** Events a second of a scorer at a batch size: the best of a few short windows, after a warm-up; only the calls are timed. */
export const measuredRate = async (
  scorer: Scorer,
  sampleRows: Float32Array,
  width: number,
  batch: number,
): Promise<number> => {
  const rows = new Float32Array(batch * width);
  for (let i = 0; i < rows.length; i++) rows[i] = at(sampleRows, i % sampleRows.length);
  const callsFor = async (milliseconds: number): Promise<number> => {
    let [calls, busy, slice] = [0, 0, 0];
    while (busy < milliseconds) {
      const start = performance.now();
      await scorer.score(rows, batch);
      const elapsed = performance.now() - start;
      calls++;
      busy += elapsed;
      slice += elapsed;
      if (slice < SLICE_MS) continue;
      await breathe();
      slice = 0;
    }
    return (calls * batch * 1000) / busy;
  };
  await callsFor(WARM_UP_MS);
  let best = 0;
  for (let window = 0; window < WINDOWS; window++) best = Math.max(best, await callsFor(WINDOW_MS));
  return best;
};
