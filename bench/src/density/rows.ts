import { bitsPerDim } from '@flowline/flows';

import type { Estimate } from '../support/statistics.ts';
import { mean, pairedDifference, standardError } from '../support/statistics.ts';
import type { DataName, DensityData } from './data.ts';
import type { FamilyName } from './models.ts';
import type { Scored } from './train-ours.ts';
import { trueLogDensity } from './true-density.ts';

/** One row of the result; names of the first seven are published. */
export interface DensityRow {
  readonly data: DataName;
  readonly library: 'flowline' | 'zuko' | 'nflows';
  readonly family: FamilyName;
  readonly parameters: number;
  readonly steps: number;
  /** Mean −log p of the test rows, in nats, and its standard error. */
  readonly nll: number;
  readonly standardError: number;
  /** CPU time of training. */
  readonly seconds: number;
  /** Of images. */
  readonly bitsPerDim?: number;
  /** Of toys: nll minus that of the true density on the same rows; the standard error is paired where its formula is known. */
  readonly gap?: number;
  readonly gapStandardError?: number;
  /** Of ours, beside peers: nll minus that of the best peer, of all and of the same family, on the same rows. */
  readonly againstBest?: Estimate;
  readonly againstCounterpart?: Estimate;
}

/** A trained model of a run. */
export interface Entry {
  readonly library: DensityRow['library'];
  readonly family: FamilyName;
  readonly scored: Scored;
}

/** The rows of one data set. */
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
      truth(data.test.x[2 * i] ?? 0, data.test.x[2 * i + 1] ?? 0),
    );
    const { mean: gap, standardError: gapStandardError } = pairedDifference(exact, logProb);
    return { gap, gapStandardError };
  }
  return data.trueTestNll === null ? {} : { gap: -mean(logProb) - data.trueTestNll };
}
