import { at } from '@flowline/events';

import { type PairedNats, pairedNats } from '../training/paired-nats.ts';

/** Candidate with the log-likelihoods of the held-out rows. */
export interface ScoredCandidate {
  readonly name: string;
  readonly parameters: number;
  /** In nats and original units, of the same rows with the same noise for all candidates. */
  readonly logDensityNats: Float64Array;
}

/** Choice among candidates. */
export interface Choice<C> {
  readonly chosen: C;
  readonly best: C;
  /** Difference of each candidate to the best, in their order. */
  readonly gains: readonly PairedNats[];
}

/**
 * Chooses by the one-standard-error rule (Breiman et al., 1984): among the candidates whose
 * held-out log-likelihood is within one standard error of the best, paired row by row, the one with
 * the fewest parameters. Of equals, the first.
 */
export function choose<C extends ScoredCandidate>(candidates: readonly C[]): Choice<C> {
  const best = candidates.reduce((most, each) => (gain(each, most).mean > 0 ? each : most));
  const gains = candidates.map((each) => gain(each, best));
  const chosen = candidates
    .filter((_, i) => at(gains, i).mean + at(gains, i).standardError >= 0)
    .reduce((least, each) => (each.parameters < least.parameters ? each : least));
  return { chosen, best, gains };
}

const gain = (one: ScoredCandidate, other: ScoredCandidate): PairedNats =>
  pairedNats(one.logDensityNats, other.logDensityNats);
