import type { CommitReport } from '@flowline/events';
import type { EventSource } from '@flowline/stream';
import type { Logger, Metrics } from '@flowline/telemetry';

import { countCollected, countScored, setWindowGauges } from './batch-metrics.ts';
import { FarTimes } from './far-times.ts';
import { LackingEvents } from './lacking-events.ts';
import { MissingFeatures } from './missing-features.ts';
import type { CollectedEvents } from '../steps/collect.ts';
import type { CommittedEvents } from '../steps/commit.ts';
import type { PartitionIds } from '../ids/partition-ids.ts';
import { RepeatedIds } from './repeated-ids.ts';
import type { PartitionWindows } from '../windows/partition-windows.ts';

/** Run whose stored batches are observed. */
export interface ObservedRun {
  readonly name: string;
  readonly source: Pick<EventSource, 'finite'>;
  readonly windows: PartitionWindows;
  readonly ids: PartitionIds;
  readonly metrics: Metrics;
}

/** Observer of scored batches: metrics and warnings of each. */
export function scoredObserver(
  { name, source, windows, ids, metrics }: ObservedRun,
  logger: Logger,
): (batch: CommittedEvents) => void {
  const farTimes = new FarTimes(name, metrics, logger);
  const missing = new MissingFeatures(name, metrics, logger);
  const lacking = new LackingEvents(name, metrics, logger);
  const repeated = new RepeatedIds(logger);
  return (batch) => {
    warnOfRefused(logger, batch.report);
    countScored(metrics, name, batch);
    // A file may well hold old events.
    if (!source.finite) farTimes.note(batch.scored);
    missing.note(batch.lease.model.detector.bundle.schema, batch.events.table);
    lacking.note(batch);
    repeated.note(batch);
    setWindowGauges(metrics, name, windows);
    metrics.eventIds.set({ detector: name }, ids.size);
  };
}

/** Observer of batches that were collected without a score. */
export function collectedObserver(
  { name, metrics }: Pick<ObservedRun, 'name' | 'metrics'>,
  logger: Logger,
): (batch: CollectedEvents) => void {
  const repeated = new RepeatedIds(logger);
  return (batch) => {
    warnOfRefused(logger, batch.report);
    countCollected(metrics, name, batch);
    repeated.note(batch);
  };
}

/**
 * Makes refused events visible in the log, too: the database accepts less than the stream holds.
 */
function warnOfRefused(logger: Logger, { refused }: CommitReport): void {
  if (refused > 0)
    logger.warn({ refused }, 'Postgres rejected events because of their content: they are dead letters (refused)');
}
