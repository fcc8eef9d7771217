import type { Database } from './database.ts';
import { pageEnd } from './page-end.ts';
import { type ScoreRow, selectScores } from './sql/scored-events.ts';
import { withTransaction } from './transaction.ts';

/** Stored event with its score. */
export type StoredScore = Omit<ScoreRow, 'exactTime'>;

/** Position of the last row of a page; the next page begins after it. */
export interface ScoreCursor {
  /** Event time to the microsecond, as Postgres writes it. */
  readonly time: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Filter for stored events of a detector. */
export interface ScoreFilter {
  readonly detector: string;
  readonly entity?: string;
  /** Earliest event time, inclusive. */
  readonly from: Date;
  /** Latest event time, exclusive. */
  readonly to: Date;
  /** Maximum rows. */
  readonly limit: number;
  readonly after?: ScoreCursor;
}

/** Page of stored events; `next` is null at the end. */
export interface ScorePage {
  readonly items: readonly StoredScore[];
  readonly next: ScoreCursor | null;
}

/** Lists stored events of a detector by event time, the latest first, in pages. */
export async function listScores(db: Database, { after, limit, ...conditions }: ScoreFilter): Promise<ScorePage> {
  const position =
    after === undefined
      ? {}
      : {
          ...{ afterTime: after.time, afterTopic: after.topic },
          ...{ afterPartition: after.partition, afterOffset: after.offset },
        };
  const rows = await withTransaction(db, (client) => selectScores(client, { ...conditions, ...position, limit }));
  const last = pageEnd(rows, limit);
  const next = last && {
    time: last.exactTime,
    topic: last.topic,
    partition: last.partition,
    offset: last.offset,
  };
  return { items: rows.map(({ exactTime: _, ...score }) => score), next };
}
