import type { ModelEventRow } from '@flowline/db';
import { type Detector, MISSING_PIT } from '@flowline/detector';
import { type FeatureTable, rowValues, selectRows, tableColumns } from '@flowline/features';

import { type FeatureFit, featureFit } from './feature-fit.ts';
import { sampleRecords } from './sample-records.ts';

/** Values of a feature in events and in the model, and its conditional PITs. */
export interface FittedFeature extends FeatureFit {
  /**
   * Counts of P(feature ≤ its value | the rest of the event), in equal cells of [0, 1], without
   * missing values; null of context, which has no density.
   */
  readonly pits: readonly number[] | null;
}

/** Share of events at or below a p-value, and that p-value, which a calibrated model equals. */
export interface CalibrationPoint {
  readonly expected: number;
  readonly measured: number;
}

/** Stored events beside the model that scored them. */
export interface ModelFit {
  readonly events: number;
  readonly drawn: number;
  /** Events whose PITs are counted. */
  readonly compared: number;
  /** The feature first whose values differ most. */
  readonly features: readonly FittedFeature[];
  readonly calibration: readonly CalibrationPoint[];
}

const DRAWN = 1_000;
/** Conditionals of an event cost as much as a hundred scores. */
const MOST_COMPARED = 256;
const SEED = 1;
const PIT_CELLS = 10;
/** 1 / φ. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Points of the calibration per power of ten. */
const PER_DECADE = 4;
/** Events at or below a p-value that a point stands on at least. */
const LEAST_EVENTS = 5;

/**
 * Compares events that a model has scored with events drawn from it, feature by feature: the values
 * of each, P(feature ≤ its value | the rest), which is uniform for events of the model, and the
 * shares of events by p-value.
 */
export async function modelFit(
  detector: Detector,
  rows: readonly ModelEventRow[],
  signal: AbortSignal,
): Promise<ModelFit> {
  const { schema } = detector.bundle;
  const table = tableOf(schema, rows);
  const { samples } = await sampleRecords(detector, { count: DRAWN, seed: SEED, context: {}, signal });
  const few = selectRows(
    table,
    Array.from({ length: Math.min(MOST_COMPARED, rows.length) }, (_, i) =>
      Math.floor((i * rows.length) / Math.min(MOST_COMPARED, rows.length)),
    ),
  );
  signal.throwIfAborted();
  const pits = new Map(
    (await detector.featurePits(few, evenlySpread())).map(({ feature, values }) => [
      feature,
      countsOf(values.filter((pit) => pit > MISSING_PIT)),
    ]),
  );
  const values = rows.map((_, row) => rowValues(schema, table, row));
  const features = schema
    .filter(({ type }) => type !== 'cyclic')
    .map(({ name }) => ({
      ...featureFit(
        name,
        values.map((row) => row[name] ?? null),
        samples.map((each) => each.values[name] ?? null),
      ),
      pits: pits.get(name) ?? null,
    }))
    .sort((a, b) => b.distance - a.distance);
  return {
    ...{ events: rows.length, drawn: samples.length, compared: few.size, features },
    calibration: calibrationOf(rows.map(({ pValue }) => pValue)),
  };
}

/** Numbers within [0, 1), spread evenly by the golden ratio: each part gets its share at once. */
function evenlySpread(): { uniform: () => number } {
  let count = 0;
  return { uniform: () => (++count * GOLDEN) % 1 };
}

function tableOf(schema: Detector['bundle']['schema'], rows: readonly ModelEventRow[]): FeatureTable {
  const columns = tableColumns(schema);
  return {
    size: rows.length,
    numeric: Float64Array.from(
      rows.flatMap(({ numbers }) => numbers),
      (value) => value ?? NaN,
    ),
    numericWidth: columns.numeric.length,
    levels: rows.flatMap(({ levels }) => levels),
    levelWidth: columns.levels.length,
  };
}

function countsOf(values: Float64Array): readonly number[] {
  const counts = new Array<number>(PIT_CELLS).fill(0);
  for (const value of values) {
    const cell = Math.min(PIT_CELLS - 1, Math.floor(value * PIT_CELLS));
    counts[cell] = (counts.at(cell) ?? 0) + 1;
  }
  return counts;
}

/** Measured shares by p-value, in powers of ten, as far as some events lie below. */
export function calibrationOf(pValues: readonly number[]): readonly CalibrationPoint[] {
  const least = Math.floor(PER_DECADE * Math.log10(Math.max(1, pValues.length)));
  return Array.from({ length: least + 1 }, (_, i) => 10 ** (-i / PER_DECADE))
    .map((expected) => ({ expected, below: pValues.filter((p) => p <= expected).length }))
    .filter(({ below }) => below >= LEAST_EVENTS)
    .map(({ expected, below }) => ({ expected, measured: below / pValues.length }));
}
