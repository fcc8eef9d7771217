import type { EventSource, RetryNotice, SourceBatch } from '@flowline/stream';
import { concatMap, groupBy, map, mergeMap, type Observable, type OperatorFunction, tap } from 'rxjs';

import { acknowledge } from './acknowledge.ts';
import { commit, type CommittedEvents, type Store } from './commit.ts';
import { decide } from './decide.ts';
import { decode, type Models } from './decode.ts';
import { explain } from './explain.ts';
import type { PartitionWindows } from './partition-windows.ts';
import { score } from './score.ts';
import type { Timed } from './stage-timer.ts';

/** What the pipeline is made of; every part is a port, so that tests put others in their place. */
export interface PipelineParts {
  readonly source: EventSource;
  /** The champion of the moment; a new one is taken over between two batches. */
  readonly models: Models;
  /** The past of the entities, for detectors that look back. */
  readonly windows: PartitionWindows;
  readonly store: Store;
  /** Measures the steps. */
  readonly timed: Timed;
  /** Told when a batch waits for the database. */
  readonly onWait: (notice: RetryNotice) => void;
}

/**
 * One event, end to end. Pull-shaped: the source reads on only when a batch is acknowledged, so memory is bounded. Steps of different
 * partitions overlap: while one batch is being stored, the next is scored; batches of several partitions are stored at once, those of
 * one in their order.
 */
export const pipeline = ({
  source,
  models,
  windows,
  store,
  timed,
  onWait,
}: PipelineParts): Observable<CommittedEvents> =>
  source.batches$.pipe(
    concatMap(timed.async('decode', decode(models, windows))), // records → events | dead letters
    concatMap(timed.async('score', score)), //               features → flow (log p) → p-value; one batch at a time
    map(timed.step('decide', decide)), //                    anomaly or not
    concatMap(timed.async('explain', explain)), //           why: contributions, expected ranges, the alert
    byPartition(timed.stream('commit', commit(store, onWait))), // ONE transaction: fence, rows, alerts, dead letters, next offset
    tap(acknowledge), //                                     the source reads on, and commits to Kafka
  );

/** Runs a step for several partitions at once, and for the batches of one in their order. */
function byPartition<A extends { readonly source: SourceBatch }, B>(
  step: (batch: A) => Observable<B>,
): OperatorFunction<A, B> {
  return (batches$) =>
    batches$.pipe(
      groupBy(({ source: { topic, partition } }) => `${topic}-${partition}`),
      mergeMap((partition$) => partition$.pipe(concatMap(step))),
    );
}
