import { minimumRows, type MinimumRows } from '../minimum-rows.ts';
import { type Architecture, architectureOf } from '../training/families.ts';
import { recipe } from '../training/recipe.ts';

/** Density that a selection trains and compares. */
export interface Candidate extends Architecture {
  readonly name: string;
}

const { layers } = recipe.flow;

/**
 * Candidates of a selection, the recipe first. Its couplings vary in their partition and depth; the
 * others are of families that are trained or fitted in about its time, or less.
 */
const candidates: readonly Candidate[] = [
  { name: 'realNVP', ...architectureOf('realNVP') },
  { name: 'realNVP, alternating', family: 'realNVP', partition: 'alternating', layers },
  { name: 'realNVP, halves', family: 'realNVP', partition: 'halves', layers },
  { name: 'realNVP, random', family: 'realNVP', partition: 'random', layers },
  { name: `realNVP, ${layers / 2} layers`, family: 'realNVP', partition: 'pairs', layers: layers / 2 },
  { name: `realNVP, ${2 * layers} layers`, family: 'realNVP', partition: 'pairs', layers: 2 * layers },
  { name: 'maf', ...architectureOf('maf') },
  { name: 'gaussian', ...architectureOf('gaussian') },
  { name: 'mixture', ...architectureOf('mixture') },
];

/** Rows that a history has, and the fewest that a flow takes. */
export interface CandidateRows {
  readonly rows: MinimumRows;
  readonly least?: MinimumRows | undefined;
}

/** Candidates for a history: short ones have those that are fitted without gradient steps. */
export function candidatesFor({ rows, least = minimumRows }: CandidateRows): readonly Candidate[] {
  const takesFlows = rows.train >= least.train && rows.calibration >= least.calibration;
  return candidates.filter(({ family }) => takesFlows || family === 'gaussian' || family === 'mixture');
}
