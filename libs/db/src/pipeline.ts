import type { Database } from './database.ts';
import { countBacklog } from './sql/anomaly-backlog.ts';
import { countDeferred } from './sql/anomalies.ts';
import {
  selectPartitions,
  selectSinkStates,
  selectStageDays,
  type SinkStateRow,
  type StageDayRow,
  type StoredPartitionRow,
} from './sql/pipeline.ts';
import { withTransaction } from './transaction.ts';

/** Way of events through a detector, as far as Postgres has it. */
export interface StoredPipeline {
  readonly partitions: readonly StoredPartitionRow[];
  readonly days: readonly StageDayRow[];
  readonly sinks: readonly SinkStateRow[];
  /** Anomalies of an incident that wait to be written out. */
  readonly backlog: number;
  /** Anomalies that wait for their explanation. */
  readonly unexplained: number;
}

/**
 * Reads positions, the work of the last days and the state of sinks of a detector.
 * @param sinks sinks that the detector tells; others are read if messages wait for them.
 */
export function readPipeline(
  db: Database,
  { detector, sinks, days }: { readonly detector: string; readonly sinks: readonly string[]; readonly days: number },
): Promise<StoredPipeline> {
  return withTransaction(
    db,
    async (client) => ({
      partitions: await selectPartitions(client, { detector }),
      days: await selectStageDays(client, { detector, days }),
      sinks: await selectSinkStates(client, { detector, sinks }),
      backlog: (await countBacklog(client, { detector })).anomalies,
      unexplained: (await countDeferred(client, { detector })).waiting,
    }),
    { readOnly: true },
  );
}
