import type { EventSource, RetryNotice, SourceBatch } from '@flowline/stream';
import { concatMap, groupBy, map, mergeMap, type Observable, type OperatorFunction, tap } from 'rxjs';

import { acknowledge } from './steps/acknowledge.ts';
import { applyRules, type AnomalyRules } from './steps/apply-rules.ts';
import { commit, type CommittedEvents, type Store } from './steps/commit.ts';
import { decide } from './steps/decide.ts';
import { decode } from './steps/decode.ts';
import type { PartitionDiscoveries } from './discoveries/partition-discoveries.ts';
import type { ExplainingBudget } from './explaining/explaining-budget.ts';
import { type Backlog, explain } from './steps/explain.ts';
import { lease, type Models } from './steps/lease.ts';
import type { PartitionIds } from './ids/partition-ids.ts';
import { throughIds } from './ids/through-ids.ts';
import type { PartitionWindows } from './windows/partition-windows.ts';
import { throughWindows } from './windows/through-windows.ts';
import { score } from './steps/score.ts';
import type { Timed } from './metrics/stage-timer.ts';

/** Parts of the pipeline. Each is a port that tests can replace. */
export interface PipelineParts {
  readonly source: EventSource;
  /** Source of the current champion. A new one takes over between two batches. */
  readonly models: Models;
  /** Past of the entities, for detectors with features over it. */
  readonly windows: PartitionWindows;
  /** Ids that events have had, for detectors that set repeats aside. */
  readonly ids: PartitionIds;
  /** Anomalies that have been found, for detectors that control their false discovery rate. */
  readonly discoveries: PartitionDiscoveries;
  readonly store: Store;
  /** Bound on the time for explanations. */
  readonly budget: ExplainingBudget;
  /** State of the anomalies that are too many to be written out at once; null if all are. */
  readonly backlog: Backlog | null;
  /** Rules and calendars in force. */
  readonly rules: AnomalyRules;
  /** Measures the steps. */
  readonly timed: Timed;
  /** Called when a batch waits for the database. */
  readonly onWait: (notice: RetryNotice) => void;
}

/**
 * One event, end to end. Pull-based: the source reads on only after a batch is acknowledged, so
 * memory is bounded. Steps of different partitions overlap: one batch is scored while another is
 * stored. Batches of different partitions are stored concurrently, those of one partition in order.
 */
export const pipeline = ({
  source,
  models,
  windows,
  ids,
  discoveries,
  store,
  budget,
  backlog,
  rules,
  timed,
  onWait,
}: PipelineParts): Observable<CommittedEvents> =>
  source.batches$.pipe(
    map(lease(models)), //                                   the champion of the moment scores the batch
    concatMap(timed.async('decode', throughIds(ids, throughWindows(windows, decode)))), // windows opened; records → events | duplicates | dead letters; windows advanced
    concatMap(timed.async('score', score)), //               features → flow (log p) → p-value; one batch at a time
    concatMap(timed.async('decide', decide(discoveries))), // anomaly or not
    concatMap(timed.async('explain', explain(budget, backlog))), // why: contributions, expected ranges, the alert
    map(timed.step('rules', applyRules(rules))), //          part of an alert or not, by the rules of the moment
    byPartition(timed.stream('commit', commit(store, onWait))), // ONE transaction: fence, rows, alerts, dead letters, next offset
    tap(acknowledge(windows, ids)), //                       the source reads on, and commits to Kafka
  );

/** Runs a step concurrently for several partitions, and in order within each partition. */
function byPartition<A extends { readonly source: SourceBatch }, B>(
  step: (batch: A) => Observable<B>,
): OperatorFunction<A, B> {
  return (batches$) =>
    batches$.pipe(
      groupBy(({ source: { topic, partition } }) => `${topic}-${partition}`),
      mergeMap((partition$) => partition$.pipe(concatMap(step))),
    );
}
