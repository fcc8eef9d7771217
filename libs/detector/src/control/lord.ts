import { at, type DiscoveryState, isAnomalous, REMEMBERED_DISCOVERIES } from '@flowline/events';

import { smallestPValue } from '../calibration/calibration.ts';
import { spendingShare } from './spending-shares.ts';

/** Wealth of a LORD++ procedure: the sum of thresholds that it may spend. */
export interface LordWealth {
  /** Wealth before the first discovery. */
  readonly initial: number;
  /** Wealth that the first discovery earns. */
  readonly first: number;
  /** Wealth that each later discovery earns. */
  readonly later: number;
}

/**
 * Wealth of a partition under control at `level`, such that the partitions of a detector hold the
 * level together: half of it is the initial wealth of all of them, of which partition k has
 * 1/((k + 1)(k + 2)); these shares sum to 1, however many partitions there are. The first discovery
 * of each earns the other half, later ones the level. The thresholds of all partitions then sum to
 * at most level · max(1, discoveries of all).
 */
export const partitionWealth = (level: number, partition: number): LordWealth => ({
  initial: level / 2 / ((partition + 1) * (partition + 2)),
  first: level / 2,
  later: level,
});

/** The part of a {@link DiscoveryState} that thresholds depend on. */
export type TestedSoFar = Pick<DiscoveryState, 'tests' | 'discovered' | 'latest'>;

/**
 * Thresholds of the next tests:
 *
 *     α_t = initial · γ_t + first · γ_(t − τ₁) + later · Σ_(j > 1) γ_(t − τ_j)
 *
 * for discoveries at τ₁ < τ₂ < … (LORD++; Ramdas, Yang, Wainwright, Jordan 2017), at least the
 * smallest p-value that there is. Of the discoveries, only the latest
 * {@link REMEMBERED_DISCOVERIES} count, which lowers thresholds. Each threshold depends on earlier
 * p-values only, by the discoveries among them.
 */
export function lordThresholds(wealth: LordWealth, before: TestedSoFar, pValues: Float64Array): Float64Array {
  const thresholds = new Float64Array(pValues.length);
  const latest = [...before.latest];
  let { discovered } = before;
  for (let row = 0; row < pValues.length; row++) {
    const test = before.tests + row + 1;
    // The first discovery is remembered until others push it out.
    const hasFirst = discovered > 0 && discovered <= REMEMBERED_DISCOVERIES;
    let shares = 0;
    for (let j = hasFirst ? 1 : 0; j < latest.length; j++) shares += spendingShare(test - at(latest, j));
    const first = hasFirst ? wealth.first * spendingShare(test - at(latest, 0)) : 0;
    const threshold = wealth.initial * spendingShare(test) + first + wealth.later * shares;
    thresholds[row] = Math.max(threshold, smallestPValue);
    if (!isAnomalous(at(pValues, row), at(thresholds, row))) continue;
    discovered++;
    latest.push(test);
    if (latest.length > REMEMBERED_DISCOVERIES) latest.shift();
  }
  return thresholds;
}
