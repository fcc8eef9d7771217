import { inTurns, turn } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';
import type { Flow } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { newFlow, type TrainedArchitecture } from './families.ts';
import { overMixture } from './over-mixture.ts';
import { rowsToTrainOn, type TrainingRows } from './rows-to-train-on.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/** Makes a flow with new weights, ready to train. The caller disposes it. */
export type FlowMaker = (seed: number, architecture: TrainedArchitecture) => Promise<Flow>;

/**
 * Returns a function that makes the flows of a training. Only a mixture base needs rows, which are
 * encoded once for all of them.
 */
export function flowMaker(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  tables: HistoryParts<ColumnTable>,
  signal: AbortSignal | undefined,
): FlowMaker {
  let rows: Promise<TrainingRows> | null = null;
  return async (seed, architecture) => {
    await turn(signal);
    const { base } = architecture;
    if (base.type !== 'mixture') return newFlow(encoding, seed, architecture);
    rows ??= inTurns(rowsToTrainOn(spec, encoding, tables, Infinity), signal);
    const { components } = base;
    return overMixture(encoding, await rows, { seed, architecture, components, spec, signal });
  };
}
