import {
  type BundleMetadata,
  bundleSha256,
  type HistoryParts,
  minimumRowsOf,
  takesFewRows,
  type ModelBundle,
  partsOf,
  rowsOf,
  saveBundle,
  splitByTime,
  timesOf,
  trainDetector,
  type TrainDetectorOptions,
  type TrainingReport,
} from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import type { ColumnTable } from '@flowline/features';
import type { DataTable } from '@flowline/tables';

import { calibratedParts } from './copies.ts';
import { driftWarning } from './drift.ts';
import type { FitPlan } from './plan.ts';
import { type FileHistory, readHistory, rejectedWarnings } from './read-history.ts';

/** Model that was trained on a table. */
export interface FittedTable {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly alpha: number;
  readonly rows: HistoryParts<number>;
  readonly history: Pick<FileHistory, 'rejected' | 'isTimed' | 'table'> & {
    /** The newest rows, which the model was not made from. */
    readonly test: ColumnTable;
  };
  readonly report: TrainingReport;
  readonly warnings: readonly string[];
}

/**
 * Trains a detector on a table, as the trainer does on a history: the oldest rows train it, newer
 * ones calibrate and test it.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_HISTORY_INVALID; others of
 *   trainDetector.
 */
export async function fitTable(
  data: DataTable,
  plan: FitPlan,
  options: TrainDetectorOptions = {},
): Promise<FittedTable> {
  const history = readHistory(data, plan);
  const split = splitOf(data, history, plan);
  const alpha = plan.alphaAt(history.eventsPerDay);
  const drift = await driftWarning(data.where, plan.spec.schema, history.table);
  const { schema, family } = plan.spec;
  const { parts, warning: copies } = calibratedParts(
    { where: data.where, schema, table: history.table },
    partsOf(history.table, split),
    minimumRowsOf(family).calibration,
  );
  const times = history.isTimed ? { times: timesOf(history.timesMs, split) } : {};
  const spec = { ...plan.spec, alpha, ...times };
  const { bundle, report } = await trainDetector(spec, parts, options);
  const bytes = saveBundle(fileBundle(bundle, plan, alpha));
  const { rejected, isTimed, table } = history;
  const rows = { ...rowsOf(split), calibration: parts.calibration.size, test: parts.test.size };
  return {
    ...{ bytes, sha256: bundleSha256(bytes), alpha, rows, report },
    history: { rejected, isTimed, table, test: parts.test },
    warnings: [
      ...rejectedWarnings(history),
      ...[drift, copies].filter((warning) => warning !== null),
      ...report.warnings,
    ],
  };
}

/** The split of a history, in words of files. */
function splitOf(
  { where }: DataTable,
  { timesMs }: FileHistory,
  { calibrationFraction, spec }: FitPlan,
): ReturnType<typeof splitByTime> {
  try {
    return splitByTime(timesMs, calibrationFraction, spec.family);
  } catch (error) {
    if (!(error instanceof FlowlineError) || error.code !== 'FLOWLINE_HISTORY_TOO_SMALL') throw error;
    throw new FlowlineError(error.code, error.message.replace('The history', where), {
      where,
      remedy: `Give a longer file; a few thousand rows are a start, 100,000 are good${takesFewRows(spec.family) ? '' : '; `flowline fit --family auto` takes files from 100 rows'}.`,
      cause: error,
    });
  }
}

/** A bundle with what a reader without the detector's definition needs: alpha, time and id. */
function fileBundle(bundle: ModelBundle, { names }: FitPlan, alpha: number): ModelBundle {
  const event: Pick<BundleMetadata, 'event'> =
    names.time === null ? {} : { event: { time: names.time, eventId: names.id } };
  return { ...bundle, metadata: { ...bundle.metadata, alpha, ...event } };
}
