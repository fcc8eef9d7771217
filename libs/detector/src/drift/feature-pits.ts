import { at } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type FeatureEncoding, type FeatureTable, isDimension, isLevelFeature, selectRows } from '@flowline/features';

import { AxisEvaluator } from '../explanation/axis-evaluator.ts';
import { type Conditional, quickConditionals } from '../explanation/conditionals.ts';
import { isObserved } from '../explanation/nearest-normal.ts';
import { startedAxes } from '../explanation/screening.ts';
import type { Uniform } from './drift-evidence.ts';

/** PIT of an event that lacks the feature: missing counts as lower than every value. */
export const MISSING_PIT = 0;
/** Least PIT of a value. */
const LEAST_PIT = 1e-12;
/** Rows whose curves are held at once. */
const CHUNK_ROWS = 64;

/**
 * Conditional probability integral transforms of a feature, in the order of the events:
 * P(feature ≤ its value | the rest of the event) in (0, 1], or {@link MISSING_PIT}.
 */
export interface FeaturePits {
  readonly feature: string;
  readonly values: Float64Array;
}

/** Parts of a model from which conditionals are computed. */
interface PitModel {
  readonly encoding: FeatureEncoding;
  readonly scorer: Scorer;
}

/**
 * Conditional PIT of every scored feature of the rows of a table. That of a level is drawn at
 * random from the part of [0, 1] that it takes up given the level before it in the schema. An event
 * whose curve is lost in rounding, because another value is absurd, is left out there.
 */
export async function featurePits(
  { encoding, scorer }: PitModel,
  table: FeatureTable,
  random: Uniform,
): Promise<readonly FeaturePits[]> {
  const pits = new Map(
    encoding.schema
      .filter((spec) => isDimension(spec) || (isLevelFeature(spec) && spec.role === 'score'))
      .map(({ name }) => [name, new Float64Array(table.size).fill(MISSING_PIT)]),
  );
  const keep = (feature: string, row: number, pit: number): void => {
    const values = pits.get(feature);
    if (values !== undefined) values[row] = Math.min(1, Math.max(LEAST_PIT, pit));
  };
  for (let start = 0; start < table.size; start += CHUNK_ROWS) {
    const size = Math.min(CHUNK_ROWS, table.size - start);
    const rows = selectRows(
      table,
      Array.from({ length: size }, (_, i) => start + i),
    );
    for (const { axis, answer } of await numberConditionals({ encoding, scorer }, rows)) {
      keep(at(encoding.dimensionNames, axis.dimension), start + axis.row, answer?.below ?? NaN);
    }
    for (let row = 0; row < size; row++) {
      for (const { feature, from, to } of encoding.levelRanges(rows, row)) {
        keep(feature, start + row, from + random.uniform() * (to - from));
      }
    }
  }
  return [...pits].map(([feature, values]) => ({ feature, values: values.filter((value) => !Number.isNaN(value)) }));
}

async function numberConditionals({ encoding, scorer }: PitModel, table: FeatureTable) {
  const batch = encoding.encode(table);
  const evaluator = new AxisEvaluator(scorer, batch);
  const axes = Array.from({ length: table.size }, (_, row) =>
    encoding.dimensionNames.flatMap((_name, dimension) =>
      isObserved(encoding, batch, row, dimension) ? [{ row, dimension }] : [],
    ),
  ).flat();
  const answers: readonly (Conditional | null)[] = await quickConditionals(
    evaluator,
    await startedAxes(evaluator, axes),
  );
  return axes.map((axis, i) => ({ axis, answer: at(answers, i) }));
}
