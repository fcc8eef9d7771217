import { type Database, type DayRows, readDriftRows, type ScoredDay } from '@flowline/db';
import { Detector, driftOfFeatures, type FeatureDrift, type ModelBundle } from '@flowline/detector';
import { isDimension, isLevelFeature, tableColumns, type FeatureTable } from '@flowline/features';
import type { Random } from '@flowline/flows';

/** Maximum events of a day whose features are compared. */
const MOST_EVENTS = 2_000;
/** Events of a day with many features, so that their conditionals take seconds, not minutes. */
const LEAST_EVENTS = 200;
const MOST_VALUES = 40_000;

/**
 * Compares the features of a day, each by itself and given the others by the model that scored
 * them, with those of the model's first days.
 */
export async function driftOfRows(
  db: Database,
  day: ScoredDay,
  bundle: ModelBundle,
  random: Random,
): Promise<readonly FeatureDrift[]> {
  const { schema } = bundle;
  const scored = schema.filter((spec) => isDimension(spec) || (isLevelFeature(spec) && spec.role === 'score')).length;
  const most = Math.min(MOST_EVENTS, Math.max(LEAST_EVENTS, Math.floor(MOST_VALUES / Math.max(1, scored))));
  const rows = await readDriftRows(db, day, most);
  // No row is decided on: any rate of alarms will do.
  const detector = await Detector.create(bundle, { alpha: 1e-3, backend: 'auto' });
  try {
    return driftOfFeatures(await detector.featurePits(tableOf(schema, rows), random), rows.reference, random);
  } finally {
    detector.dispose();
  }
}

function tableOf(schema: ModelBundle['schema'], { numbers, levels }: DayRows): FeatureTable {
  const columns = tableColumns(schema);
  return {
    size: numbers.length,
    numeric: Float64Array.from(numbers.flat(), (value) => value ?? NaN),
    numericWidth: columns.numeric.length,
    levels: levels.flat(),
    levelWidth: columns.levels.length,
  };
}
