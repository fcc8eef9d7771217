import { at, type TestComponent, testComponents } from '@flowline/events';
import type { EncodedBatch } from '@flowline/features';

import { smallestPValue } from '../calibration/calibration.ts';
import { patternPValue } from '../calibration/calibration-set.ts';
import { valueAt } from '../sorted.ts';
import { beyondAll, type ComparedRows, type DecidingScores } from './decided-rows.ts';
import {
  gatedRows,
  noSecondStage,
  placeScores,
  secondStage,
  type StageRows,
  type StageScorer,
} from './second-stage.ts';
import type { CombinedStatistic, Component } from './statistic.ts';

/** Scores of each component, one per row. */
export type ComponentScores = Readonly<Record<TestComponent, Float64Array>>;

/**
 * Computes the scores of a combined statistic, of a part of a table. A row's score depends only on
 * the row.
 */
export async function combinedScores(
  statistic: CombinedStatistic,
  scorer: StageScorer,
  batch: EncodedBatch,
  logDensityNats: Float64Array,
  compared: ComparedRows,
): Promise<Required<DecidingScores>> {
  const low = logDensityNats.map((logP) => -logP);
  const pValues = componentPValues(componentOf(statistic, 'low_density'), low, compared);
  const rows = gatedRows(pValues);
  const found = await secondStage(
    { scorer, ...statistic },
    selected(batch, rows),
    Float64Array.from(rows, (row) => valueAt(pValues, row)),
  );
  const later = noSecondStage(batch.size);
  placeScores(later, rows, found);
  return joinedScores(statistic, { low_density: low, high_density: logDensityNats, ...later }, compared);
}

/** Component of a statistic by its name. */
function componentOf({ components }: CombinedStatistic, name: TestComponent): Component {
  const found = components.find((component) => component.name === name);
  if (found === undefined) throw new RangeError(`a statistic without ${name}`);
  return found;
}

/** p-values of rows by one component. */
export function componentPValues(
  { calibration }: Pick<Component, 'calibration'>,
  scores: Float64Array,
  { missingPattern, traits, start }: ComparedRows,
): Float64Array {
  return scores.map((score, i) => patternPValue(calibration, score, valueAt(missingPattern, i), start + i, traits).p);
}

/**
 * Joins scores of components: s = −log min p_k / share_k, and {@link beyondAll} more where that is
 * the smallest p-value there is. A row without a density has the score Infinity.
 */
export function joinedScores(
  { components }: Pick<CombinedStatistic, 'components'>,
  values: ComponentScores,
  compared: ComparedRows,
): Required<DecidingScores> {
  const size = values.low_density.length;
  const joined = { scores: new Float64Array(size).fill(-Infinity), raisedBy: new Uint8Array(size) };
  for (const component of components) {
    const index = testComponents.indexOf(component.name);
    componentPValues(component, values[component.name], compared).forEach((p, row) => {
      const score = Math.log(component.share / p) + (p <= smallestPValue ? beyondAll : 0);
      if (score <= at(joined.scores, row)) return;
      joined.scores[row] = score;
      joined.raisedBy[row] = index;
    });
  }
  values.low_density.forEach((score, row) => {
    if (score < Infinity) return;
    joined.scores[row] = Infinity;
    joined.raisedBy[row] = 0;
  });
  return joined;
}

function selected({ rows, width, fallBeyondRange }: EncodedBatch, indices: Int32Array): StageRows {
  const chosen = new Float32Array(indices.length * width);
  indices.forEach((from, to) => chosen.set(rows.subarray(from * width, (from + 1) * width), to * width));
  return { rows: chosen, fallBeyondRange: Float64Array.from(indices, (row) => valueAt(fallBeyondRange, row)) };
}
