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
 * Kinds of probability integral transforms: `conditional` given the rest of the event, `marginal`
 * given nothing.
 */
export type PitKind = 'conditional' | 'marginal';

/**
 * Probability integral transforms of a feature, in the order of the events: P(feature ≤ its value)
 * in (0, 1], given the rest of the event if they are conditional, or {@link MISSING_PIT}.
 */
export interface FeaturePits {
  readonly feature: string;
  readonly pit: PitKind;
  readonly values: Float64Array;
}

/** PITs of every scored feature of rows, all missing, and a function that keeps one. */
export function noPits(encoding: FeatureEncoding, size: number) {
  const pits = new Map(
    encoding.schema
      .filter((spec) => isDimension(spec) || (isLevelFeature(spec) && spec.role === 'score'))
      .map(({ name }) => [name, new Float64Array(size).fill(MISSING_PIT)]),
  );
  const keep = (feature: string, row: number, pit: number): void => {
    pits.get(feature)?.set([Math.min(1, Math.max(LEAST_PIT, pit))], row);
  };
  return { pits, keep };
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
  const { pits, keep } = noPits(encoding, table.size);
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
  return [...pits].map(([feature, values]) => ({
    ...{ feature, pit: 'conditional', values: values.filter((value) => !Number.isNaN(value)) },
  }));
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
