import { measuredRate } from './measured-rate.ts';
import type { Search, Usable } from './trial.ts';

/** Share of the best rate below which a backend is not looked at again. */
const CLOSE = 0.5;

/**
 * Measures all backends again that are close to the best, one after another, and keeps the higher
 * of both rates: a first measurement lasts milliseconds, and whatever else runs then makes it
 * lower, never higher.
 */
export const lookAgain = async (
  usable: readonly Usable[],
  { batch, sample }: Pick<Search, 'batch' | 'sample'>,
): Promise<readonly Usable[]> => {
  const best = Math.max(...usable.map(rateOf));
  const isClose = (one: Usable): boolean => rateOf(one) >= CLOSE * best;
  if (usable.filter(isClose).length < 2) return usable;
  const looked: Usable[] = [];
  for (const one of usable) {
    if (!isClose(one)) {
      looked.push(one);
      continue;
    }
    const { eventsPerSecond } = await measuredRate(one.scorer, sample.rows, sample.width, batch);
    looked.push({ ...one, trial: { ...one.trial, eventsPerSecond: Math.max(rateOf(one), eventsPerSecond) } });
  }
  return looked;
};

/** Measured events per second. */
export const rateOf = ({ trial }: Usable): number => trial.eventsPerSecond ?? 0;
