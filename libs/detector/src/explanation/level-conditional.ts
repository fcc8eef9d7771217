import { at, blocksOf, FlowlineError, turn } from '@flowline/events';
import { type FeatureEncoding, type FeatureTable, selectRows, sliceTable, tableColumns } from '@flowline/features';

import type { Scores } from '../scores.ts';
import { valueAt } from '../sorted.ts';

/** Levels scored between two turns of the event loop. */
const BLOCK_ROWS = 1_024;

/** Distribution of a level given the rest of its row. */
export interface LevelConditional {
  readonly kind: 'level';
  readonly feature: string;
  /** Level of the row; null if it is missing. */
  readonly observed: string | null;
  /** Most likely first; the level null stands for all levels that training did not keep. */
  readonly levels: readonly {
    readonly level: string | null;
    /** P(level | all else). */
    readonly probability: number;
    /** P(level | the level feature before it), of which explanations state the surprise. */
    readonly prior: number;
  }[];
  /** Probability of the levels that are not listed. */
  readonly rest: number;
}

/** Options of {@link levelConditional}. */
interface LevelRequest {
  readonly feature: string;
  /** Maximum levels listed. */
  readonly most: number;
}

/**
 * Distribution of a scored level of the only row of a table, given the others, by Bayes' rule over
 * the joint density: P(l | rest) = p(l, rest)/Σ p(k, rest), over all levels k and the unseen ones.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for any other feature, or a row of no density.
 */
export async function levelConditional(
  encoding: FeatureEncoding,
  score: (table: FeatureTable) => Promise<Scores>,
  table: FeatureTable,
  { feature, most }: LevelRequest,
): Promise<LevelConditional> {
  const priors = encoding.levelDistribution(table, 0, feature);
  const column = tableColumns(encoding.schema).levels.indexOf(feature);
  const unseen = unknownLevel(priors.map(({ level }) => level));
  const rows = selectRows(table, new Uint8Array(priors.length));
  const levels = [...rows.levels];
  priors.forEach(({ level }, row) => (levels[row * rows.levelWidth + column] = level ?? unseen));
  const logDensityNats = await inBlocks({ ...rows, levels }, score);
  const largest = logDensityNats.reduce((most, log) => Math.max(most, log), -Infinity);
  if (largest === -Infinity) throw noDensity(feature);
  const weights = logDensityNats.map((log) => Math.exp(log - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const found = priors
    .map(({ level, probability: prior }, i) => ({ level, probability: valueAt(weights, i) / total, prior }))
    .sort((a, b) => b.probability - a.probability);
  return {
    kind: 'level',
    feature,
    observed: at(table.levels, column),
    levels: found.slice(0, most),
    rest: found.slice(most).reduce((sum, { probability }) => sum + probability, 0),
  };
}

/** log p of the rows of a table, with a turn of the event loop between two blocks. */
async function inBlocks(table: FeatureTable, score: (table: FeatureTable) => Promise<Scores>): Promise<Float64Array> {
  const found = new Float64Array(table.size);
  for (const [start, end] of blocksOf(table.size, BLOCK_ROWS)) {
    found.set((await score(sliceTable(table, start, end))).logDensityNats, start);
    await turn();
  }
  return found;
}

/** Text that is none of the levels. */
function unknownLevel(levels: readonly (string | null)[]): string {
  let text = '?';
  while (levels.includes(text)) text += '?';
  return text;
}

const noDensity = (feature: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `The density is 0 whatever ${feature} is.`, {
    where: feature,
    remedy: 'Give values within their domains.',
  });
