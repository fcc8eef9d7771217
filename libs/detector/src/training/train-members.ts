import { at, blocksOf, FlowlineError, inTurns, type Steps } from '@flowline/events';
import { type ColumnTable, type EncodedBatch, type FeatureEncoding } from '@flowline/features';
import { type Flow, Random } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { minimumRows } from '../minimum-rows.ts';
import { ordinaryRows } from './ordinary-rows.ts';
import { recipe } from './recipe.ts';
import { type MemberReport, type MemberRows, trainFlow } from './train-flow.ts';
import type { DetectorTrainingSpec, ReportProgress } from './training-spec.ts';

/** One flow of the ensemble, and the report on its training. */
export interface TrainedMember {
  readonly flow: Flow;
  readonly report: MemberReport;
}

/**
 * Trains the members of the ensemble, one after the other, each with a seed of its own. The caller
 * disposes their flows.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL; FlowError as {@link trainFlow} does.
 */
export async function trainMembers(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  tables: HistoryParts<ColumnTable>,
  report: ReportProgress,
  signal: AbortSignal | undefined,
): Promise<readonly TrainedMember[]> {
  const rows = await inTurns(rowsToTrainOn(spec, encoding, tables), signal);
  const endMs = performance.now() + (spec.maxMinutes ?? Infinity) * 60_000;
  const members: TrainedMember[] = [];
  try {
    for (let i = 0; i < spec.members; i++) {
      const trained = await trainFlow(encoding, rows, {
        seed: new Random(spec.seed).fork(`member ${i}`).uint32(),
        data: spec.data,
        steps: spec.steps ?? recipe.fit.steps,
        maxMs: (endMs - performance.now()) / (spec.members - i),
        onProgress: ({ step, trainNll, validationNll }) =>
          report('train', { member: i + 1, step, trainNll, validationNll }),
        signal,
      });
      members.push(trained);
    }
    return members;
  } catch (error) {
    for (const { flow } of members) flow.dispose();
    throw error;
  }
}

function* rowsToTrainOn(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  { train, validation }: HistoryParts<ColumnTable>,
): Steps<MemberRows> {
  const ordinary = yield* ordinaryRows(spec, encoding, train);
  const validating = spaced(yield* ordinaryRows(spec, encoding, validation), recipe.validationRows);
  const least = spec.minimumRows?.train ?? minimumRows.train;
  if (ordinary.length < least || validating.length === 0) {
    throw new FlowlineError(
      'FLOWLINE_HISTORY_TOO_SMALL',
      `${ordinary.length} rows to train on and ${validating.length} to validate with are too few`,
      { where: 'history', remedy: `widen history.lookback: at least ${least} training rows are needed` },
    );
  }
  const rowsAt = (indices: Int32Array): EncodedBatch =>
    encoding.encode(train.select(indices.map((index) => at(ordinary, index))));
  return { train: { size: ordinary.length, rowsAt }, validation: yield* encodedRows(encoding, validation, validating) };
}

/** Rows that are encoded in one step. */
const STEP_ROWS = 128;

function* encodedRows(
  encoding: FeatureEncoding,
  table: ColumnTable,
  indices: Int32Array,
): Steps<MemberRows['validation']> {
  const width = encoding.dimensions + encoding.contextWidth;
  const rows = new Float32Array(indices.length * width);
  for (const [start, end] of blocksOf(indices.length, STEP_ROWS)) {
    rows.set(encoding.encode(table.select(indices.subarray(start, end))).rows, start * width);
    yield;
  }
  return { size: indices.length, rows };
}

/** Selects at most `most` rows, evenly spaced in time. */
function spaced(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, i) => at(rows, Math.floor((i * rows.length) / most)));
}
