import { at } from '@flowline/events';
import { type Flow, outlierThreshold } from '@flowline/flows';

import { isRobust, type TrainingData } from './recipe.ts';

/** Fits to unlabelled rows: each leaves out the outliers of the one before it. */
const ROBUST_FITS = 3;

/** Fit of a flow to the rows at some places, and log p of all rows by it. */
export interface RobustFit {
  readonly data: TrainingData;
  readonly fit: (places: Int32Array) => Flow;
  readonly logPOf: (flow: Flow) => Promise<Float64Array>;
}

/**
 * Fits a flow to rows; of unlabelled ones, again without the outliers by the flow before. Returns
 * the places of the rows that it is fitted to as well. The caller disposes it.
 */
export async function fitWithoutOutliers(
  size: number,
  { data, fit, logPOf }: RobustFit,
): Promise<{ readonly flow: Flow; readonly places: Int32Array }> {
  let places: Int32Array = Int32Array.from({ length: size }, (_, row) => row);
  let flow = fit(places);
  try {
    for (let again = 1; again < ROBUST_FITS && isRobust(data); again++) {
      const kept = ordinaryPlaces(await logPOf(flow));
      if (kept.length === places.length) break;
      places = kept;
      const next = fit(places);
      flow.dispose();
      flow = next;
    }
    return { flow, places };
  } catch (error) {
    flow.dispose();
    throw error;
  }
}

/** Places of the rows that are no outliers by their log-likelihoods. */
function ordinaryPlaces(logP: Float64Array): Int32Array {
  const threshold = outlierThreshold(logP);
  return Int32Array.from(logP.keys()).filter((row) => at(logP, row) >= threshold);
}
