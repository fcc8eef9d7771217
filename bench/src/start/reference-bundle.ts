import { fitCalibrationSet, saveBundle } from '@flowline/detector';
import type { FeatureSpec } from '@flowline/events';
import { type FeatureTable, fitEncoding } from '@flowline/features';
import { Random, saveFlow } from '@flowline/flows';

import { type ModelName, referenceModel } from '../engine/reference-models.ts';

const TRAINING_ROWS = 2_000;
const CALIBRATION_ROWS = 20_000;
const NOTHING = { rows: 0, fromMs: null, toMs: null };

/** Random normal events with `features` real features. */
export function normalTable(features: number, rows: number, seed: number): FeatureTable {
  const random = new Random(seed);
  return {
    size: rows,
    numeric: Float64Array.from({ length: rows * features }, () => random.normal()),
    numericWidth: features,
    levels: [],
    levelWidth: 0,
  };
}

/**
 * Model of a reference size, as the file that a detector loads. Its speed does not depend on the
 * quality of its training.
 */
export async function referenceBundle(name: ModelName): Promise<Uint8Array> {
  const { flow, width } = await referenceModel(name, 64);
  const schema = Array.from({ length: width }, (_, j): FeatureSpec => ({
    name: `x${j}`,
    type: 'real',
    from: `x${j}`,
    role: 'score',
    nullable: false,
    maxLevels: 100,
    period: null,
  }));
  const encoding = fitEncoding(schema, normalTable(width, TRAINING_ROWS, 1));
  const random = new Random(2);
  const scores = Float64Array.from({ length: CALIBRATION_ROWS }, () => random.normal());
  const bundle = saveBundle({
    metadata: {
      detector: 'bench',
      family: 'realNVP',
      members: 1,
      seed: 1,
      data: 'clean',
      backend: 'none',
      history: { train: NOTHING, validation: NOTHING, calibration: NOTHING, test: NOTHING },
      noise: {},
      heldOut: null,
      calibration: { trimmedRows: 0, undefinedRows: 0 },
      libraries: {},
    },
    schema,
    lookups: {},
    entity: null,
    encoding,
    flows: [saveFlow(flow)],
    calibration: fitCalibrationSet(scores, new Int32Array(CALIBRATION_ROWS), random),
    statistic: null,
  });
  flow.dispose();
  return bundle;
}
