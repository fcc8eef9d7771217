import { at } from '@flowline/events';

import { type PairedNats, pairedNats } from '../training/paired-nats.ts';

/** Candidate with the log-likelihoods of the held-out rows. */
export interface ScoredCandidate {
  readonly name: string;
  readonly parameters: number;
  /** True for the training recipe, which was selected by how well it ranks anomalies. */
  readonly isRecipe: boolean;
  /** In nats and original units, of the same rows with the same noise for all candidates. */
  readonly logDensityNats: Float64Array;
}

/** Choice among candidates. */
export interface Choice<C> {
  readonly chosen: C;
  readonly best: C;
  /** Difference of each candidate to the best, in their order. */
  readonly gains: readonly PairedNats[];
  /** True for a candidate that is more likely than the recipe beyond doubt. */
  readonly isBeyondRecipe: (candidate: C) => boolean;
}

/** Gain over the recipe, in nats and beyond so many standard errors, that replaces it. */
const [LEAST_GAIN, ERRORS] = [0.1, 2];

/**
 * Chooses among candidates by their held-out log-likelihood. A lower likelihood often ranks
 * anomalies better, so the recipe is kept unless others are more likely beyond doubt: by 0.1 nats
 * and two standard errors. Among those, or among all if the recipe is no candidate, the
 * one-standard-error rule decides (Breiman et al., 1984): of those within one standard error of the
 * most likely, paired row by row, the one with the fewest parameters. Of equals, the first.
 */
export function choose<C extends ScoredCandidate>(candidates: readonly C[]): Choice<C> {
  const best = candidates.reduce((most, each) => (gain(each, most).mean > 0 ? each : most));
  const gains = candidates.map((each) => gain(each, best));
  const recipe = candidates.find(({ isRecipe }) => isRecipe);
  const isBeyondRecipe = (each: C): boolean => {
    if (recipe === undefined) return false;
    const { mean, standardError } = gain(each, recipe);
    return mean - ERRORS * standardError > LEAST_GAIN;
  };
  const eligible = recipe === undefined ? candidates : candidates.filter(isBeyondRecipe);
  const chosen = recipe !== undefined && eligible.length === 0 ? recipe : simplest(eligible);
  return { chosen, best, gains, isBeyondRecipe };
}

/** The one with the fewest parameters within one standard error of the most likely. */
function simplest<C extends ScoredCandidate>(candidates: readonly C[]): C {
  const best = candidates.reduce((most, each) => (gain(each, most).mean > 0 ? each : most), at(candidates, 0));
  return candidates
    .filter((each) => {
      const { mean, standardError } = gain(each, best);
      return mean + standardError >= 0;
    })
    .reduce((least, each) => (each.parameters < least.parameters ? each : least));
}

const gain = (one: ScoredCandidate, other: ScoredCandidate): PairedNats =>
  pairedNats(one.logDensityNats, other.logDensityNats);
