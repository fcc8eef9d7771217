import { MISSING, type LevelColumn } from './level-column.ts';

/** Candidate strengths for a fit, in rows. */
const STRENGTHS = [0.25, 1, 4, 16, 64, 256, 1024, 4096] as const;

/** Counts of a column's levels given the previous column's, as plain JSON. */
export interface LevelChainConfig {
  /** Weight of the marginal, in rows. */
  readonly strength: number;
  /** [index in the previous column, index in this one, training rows] per pair that occurred. */
  readonly counts: readonly (readonly [number, number, number])[];
}

/**
 * P(level | level of the previous column), smoothed towards the column's marginal (a Dirichlet
 * prior): (n_ij + κ·P(j))/(n_i + κ). For every previous level it sums to 1 over all levels, unseen
 * ones included. It is the marginal if the previous level is missing, or if there is no previous
 * column.
 */
export class LevelChain {
  readonly config: LevelChainConfig | null;
  private readonly column: LevelColumn;
  private readonly pairs: ReadonlyMap<number, number>;
  private readonly totals: ReadonlyMap<number, number>;

  constructor(column: LevelColumn, config: LevelChainConfig | null) {
    this.column = column;
    this.config = config;
    const pairs = new Map<number, number>();
    const totals = new Map<number, number>();
    for (const [previous, index, count] of config?.counts ?? []) {
      pairs.set(this.key(previous, index), count);
      totals.set(previous, (totals.get(previous) ?? 0) + count);
    }
    this.pairs = pairs;
    this.totals = totals;
  }

  /** P(index | previous). `previous` is MISSING if there is none. */
  probability(previous: number, index: number): number {
    const marginal = this.column.probability(index);
    if (this.config === null || previous === MISSING) return marginal;
    const { strength } = this.config;
    const count = this.pairs.get(this.key(previous, index)) ?? 0;
    return (count + strength * marginal) / ((this.totals.get(previous) ?? 0) + strength);
  }

  private key(previous: number, index: number): number {
    return previous * (this.column.unseenIndex + 1) + index;
  }
}

/**
 * Fits a chain to the pairs of levels in the training rows, and selects the strength with the
 * highest leave-one-out likelihood.
 * @param counted training rows per pair, by previous index · (unseenIndex + 1) + index.
 */
export function fitLevelChain(column: LevelColumn, counted: ReadonlyMap<number, number>): LevelChain {
  const stride = column.unseenIndex + 1;
  const counts = [...counted]
    .sort(([a], [b]) => a - b)
    .map(([key, count]) => [Math.floor(key / stride), key % stride, count] as const);
  return new LevelChain(column, { strength: bestStrength(column, counts), counts });
}

/**
 * Maximises the leave-one-out likelihood, in closed form: Σ n_ij·log((n_ij − 1 + κ·P(j))/(n_i − 1 +
 * κ)).
 */
function bestStrength(column: LevelColumn, counts: LevelChainConfig['counts']): number {
  const totals = new Map<number, number>();
  for (const [previous, , count] of counts) totals.set(previous, (totals.get(previous) ?? 0) + count);
  let best: number = STRENGTHS[0];
  let bestLikelihood = -Infinity;
  for (const strength of STRENGTHS) {
    let likelihood = 0;
    for (const [previous, index, count] of counts) {
      const left = count - 1 + strength * column.probability(index);
      likelihood += count * Math.log(left / ((totals.get(previous) ?? 0) - 1 + strength));
    }
    if (likelihood > bestLikelihood) {
      bestLikelihood = likelihood;
      best = strength;
    }
  }
  return best;
}
