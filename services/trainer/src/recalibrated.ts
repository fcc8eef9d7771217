import {
  type DetectorTrainingSpec,
  type HistoryParts,
  type ModelBundle,
  recalibrate,
  splitUnseen,
  type TrainDetectorOptions,
  type TrainingReport,
} from '@flowline/detector';
import type { DetectorDefinition } from '@flowline/config';
import { type Database, listModels } from '@flowline/db';
import { at, FlowlineError } from '@flowline/events';
import type { ColumnTable } from '@flowline/features';
import type { Logger } from '@flowline/telemetry';

import { readChampion } from './read-champion.ts';
import type { TrainingHistory } from './training-history.ts';

/** Model that a run has made, and the newest rows of its history, which it was not made from. */
export interface MadeModel {
  readonly bundle: ModelBundle;
  readonly report: TrainingReport;
  /** Version of the definition that its weights were trained for. */
  readonly detectorVersion: number;
  readonly rows: HistoryParts<number>;
  readonly newest: { readonly heldOut: ColumnTable; readonly timesMs: Float64Array };
}

interface Parts {
  readonly db: Database;
  readonly logger: Logger;
  readonly definition: DetectorDefinition;
}

/**
 * Calibrates the champion again, on the rows of a history that are newer than those its weights
 * have seen: two thirds of them, and the newest third to test on.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING; FLOWLINE_MODEL_INCOMPATIBLE;
 * FLOWLINE_MODEL_OUTDATED if the features have changed; FLOWLINE_HISTORY_TOO_SMALL.
 */
export async function recalibrated(
  { db, logger, definition }: Parts,
  { table, timesMs }: TrainingHistory,
  spec: DetectorTrainingSpec,
  options: Pick<TrainDetectorOptions, 'onProgress' | 'signal'>,
): Promise<MadeModel> {
  const { name } = definition;
  const champion = await readChampion(db, logger, name);
  if (champion === null) throw refusal('FLOWLINE_MODEL_MISSING', name, 'there is no champion');
  const { bundle, version } = champion;
  if (bundle === null) throw refusal('FLOWLINE_MODEL_INCOMPATIBLE', name, `champion ${version} cannot be read`);
  if (JSON.stringify(bundle.schema) !== JSON.stringify(definition.features)) {
    throw refusal('FLOWLINE_MODEL_OUTDATED', name, `champion ${version} has other features than the definition`);
  }
  const { history } = bundle.metadata;
  const seenToMs = history.validation.toMs ?? history.train.toMs ?? Infinity;
  const split = splitUnseen(timesMs, seenToMs);
  const times = ({ start, end }: { readonly start: number; readonly end: number }) => ({
    ...{ fromMs: at(timesMs, start), toMs: at(timesMs, end - 1) },
  });
  const parts = { calibration: times(split.calibration), test: times(split.test) };
  const heldOut = table.slice(split.test.start, split.test.end);
  const { start, end } = split.calibration;
  const calibratedToMs = history.calibration.toMs ?? Infinity;
  const made = await recalibrate(
    { ...spec, times: { ...parts, train: parts.calibration, validation: parts.calibration } },
    {
      ...{ champion: bundle, sha256: champion.sha256, test: heldOut },
      calibration: table.slice(start, end),
      keptRows: timesMs.subarray(start, end).filter((timeMs) => timeMs <= calibratedToMs).length,
    },
    options,
  );
  const trained = (await listModels(db, name)).find((model) => model.version === version);
  if (trained === undefined) throw refusal('FLOWLINE_MODEL_MISSING', name, `champion ${version} was deleted`);
  const { calibration, test } = made.bundle.metadata.history;
  return {
    ...made,
    detectorVersion: trained.detectorVersion,
    rows: { train: 0, validation: 0, calibration: calibration.rows, test: test.rows },
    newest: { heldOut, timesMs: timesMs.subarray(split.test.start, split.test.end) },
  };
}

function refusal(
  code: 'FLOWLINE_MODEL_MISSING' | 'FLOWLINE_MODEL_INCOMPATIBLE' | 'FLOWLINE_MODEL_OUTDATED',
  detector: string,
  finding: string,
): FlowlineError {
  return new FlowlineError(code, `${detector} cannot be recalibrated: ${finding}.`, {
    where: detector,
    remedy: `Train it: \`flowline train ${detector}\`.`,
  });
}
