import { FlowlineError } from '@flowline/events';
import { type EncodedBatch, type FeatureEncoding, type FeatureTable, selectRows } from '@flowline/features';
import { type Flow, Random } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { minimumRows } from '../minimum-rows.ts';
import { ordinaryRows } from './ordinary-rows.ts';
import { recipe } from './recipe.ts';
import { type MemberReport, trainFlow } from './train-flow.ts';
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
  tables: HistoryParts<FeatureTable>,
  report: ReportProgress,
  signal: AbortSignal | undefined,
): Promise<readonly TrainedMember[]> {
  const rows = encodedRows(spec, encoding, tables);
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

function encodedRows(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  tables: HistoryParts<FeatureTable>,
): { readonly train: EncodedBatch; readonly validation: EncodedBatch } {
  const train = encoding.encode(ordinaryRows(spec, encoding, tables.train));
  const validation = encoding.encode(spaced(ordinaryRows(spec, encoding, tables.validation), recipe.validationRows));
  if (train.size < minimumRows.train || validation.size === 0) {
    throw new FlowlineError(
      'FLOWLINE_HISTORY_TOO_SMALL',
      `${train.size} rows to train on and ${validation.size} to validate with are too few`,
      { where: 'history', remedy: `widen history.lookback: at least ${minimumRows.train} training rows are needed` },
    );
  }
  return { train, validation };
}

/** Selects at most `most` rows, evenly spaced in time. */
function spaced(table: FeatureTable, most: number): FeatureTable {
  if (table.size <= most) return table;
  return selectRows(
    table,
    Array.from({ length: most }, (_, i) => Math.floor((i * table.size) / most)),
  );
}
