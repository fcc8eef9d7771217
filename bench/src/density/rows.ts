import { at } from '@flowline/events';
import { bitsPerDim } from '@flowline/flows';

import type { Estimate } from '../support/statistics.ts';
import { mean, pairedDifference, standardError } from '../support/statistics.ts';
import type { DataName, DensityData } from './data.ts';
import type { FamilyName } from './models.ts';
import type { Scored } from './train-ours.ts';
import { trueLogDensity } from './true-density.ts';

/** One row of the result. The names of the first seven fields are published. */
export interface DensityRow {
  readonly data: DataName;
  readonly library: 'flowline' | 'zuko' | 'nflows';
  readonly family: FamilyName;
  readonly parameters: number;
  readonly steps: number;
  /** Mean −log p of the test rows, in nats; `standardError` is its standard error. */
  readonly nll: number;
  readonly standardError: number;
  /** CPU seconds of training. */
  readonly seconds: number;
  /** Images only. */
  readonly bitsPerDim?: number;
  /**
   * Toys only: nll minus that of the true density on the same rows. The standard error is paired,
   * and given only if the formula of the true density is known.
   */
  readonly gap?: number;
  readonly gapStandardError?: number;
  /**
   * Our models beside peers only: nll minus that of the best peer on the same rows;
   * `againstCounterpart` is the same for the best peer of the same family.
   */
  readonly againstBest?: Estimate;
  readonly againstCounterpart?: Estimate;
}

/** A trained model of a run. */
export interface Entry {
  readonly library: DensityRow['library'];
  readonly family: FamilyName;
  readonly scored: Scored;
}

/** Result rows for one data set. */
export function rowsOf(data: DensityData, entries: readonly Entry[]): DensityRow[] {
  const peers = entries.filter(({ library }) => library !== 'flowline');
  const nll = ({ scored }: Entry) => -mean(scored.logProb);
  const best = (candidates: readonly Entry[]) => candidates.toSorted((a, b) => nll(a) - nll(b))[0];
  const against = ({ scored }: Entry, peer: Entry | undefined): Estimate | undefined =>
    peer === undefined ? undefined : pairedDifference(peer.scored.logProb, scored.logProb);
  return entries.map((entry) => {
    const { library, family, scored } = entry;
    const { logProb, ...trained } = scored;
    const ours = library === 'flowline';
    const againstBest = ours ? against(entry, best(peers)) : undefined;
    const againstCounterpart = ours ? against(entry, best(peers.filter((peer) => peer.family === family))) : undefined;
    return {
      data: data.name,
      library,
      family,
      ...trained,
      nll: nll(entry),
      standardError: standardError(logProb),
      ...(data.kind === 'image' ? { bitsPerDim: bitsPerDim(nll(entry), data.features) } : {}),
      ...gapOf(data, logProb),
      ...(againstBest === undefined ? {} : { againstBest }),
      ...(againstCounterpart === undefined ? {} : { againstCounterpart }),
    };
  });
}

function gapOf(data: DensityData, logProb: Float64Array): Pick<DensityRow, 'gap' | 'gapStandardError'> {
  const truth = trueLogDensity(data.name);
  if (truth !== undefined) {
    const exact = Float64Array.from({ length: data.test.size }, (_, i) =>
      truth(at(data.test.x, 2 * i), at(data.test.x, 2 * i + 1)),
    );
    const { mean: gap, standardError: gapStandardError } = pairedDifference(exact, logProb);
    return { gap, gapStandardError };
  }
  return data.trueTestNll === null ? {} : { gap: -mean(logProb) - data.trueTestNll };
}
