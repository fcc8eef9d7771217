import { minimumRows, type MinimumRows } from '../minimum-rows.ts';
import { type Architecture, architectureOf, isFitted } from '../training/families.ts';
import { recipe } from '../training/recipe.ts';

/** Density that a selection trains and compares. */
export interface Candidate extends Architecture {
  readonly name: string;
  /** True for the training recipe, from which the others differ. */
  readonly isRecipe: boolean;
}

const { layers } = recipe.flow;

/** Variation of the recipe: couplings of another partition or depth, or over another base. */
const couplings = (name: string, change: Partial<Architecture>): Candidate => ({
  ...{ name: `realNVP, ${name}`, ...architectureOf('realNVP'), isRecipe: false, ...change },
});

/**
 * Candidates of a selection, the recipe first: couplings of other partitions and depths, those of
 * the recipe over a mixture, and the families that are fitted without gradient steps. Splines take
 * several times as long for the same likelihood; autoregressive flows are slow to draw from and
 * rank a little worse.
 */
const candidates: readonly Candidate[] = [
  { name: 'realNVP', ...architectureOf('realNVP'), isRecipe: true },
  couplings('alternating', { partition: 'alternating' }),
  couplings('halves', { partition: 'halves' }),
  couplings('random', { partition: 'random' }),
  couplings(`${layers / 2} layers`, { layers: layers / 2 }),
  couplings(`${2 * layers} layers`, { layers: 2 * layers }),
  couplings('mixture base', { base: { type: 'mixture', components: null } }),
  { name: 'gaussian', ...architectureOf('gaussian'), isRecipe: false },
  { name: 'mixture', ...architectureOf('mixture'), isRecipe: false },
];

/** Rows that a history has, and the fewest that a flow takes. */
export interface CandidateRows {
  readonly rows: MinimumRows;
  readonly least?: MinimumRows | undefined;
}

/** Candidates for a history: short ones have those that are fitted without gradient steps. */
export function candidatesFor({ rows, least = minimumRows }: CandidateRows): readonly Candidate[] {
  const takesFlows = rows.train >= least.train && rows.calibration >= least.calibration;
  return candidates.filter(({ family }) => takesFlows || isFitted(family));
}
