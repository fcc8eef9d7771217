import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { identifyDatabase, selectConsumerGroup, settleIdentity } from './sql/database.ts';
import { withTransaction } from './transaction.ts';

/** Identity of a database among all that share a Kafka cluster. */
export interface DatabaseIdentity {
  /** Twelve hexadecimal digits, part of the names of consumer groups. */
  readonly id: string;
  /**
   * True if server and database are those for which the id was created; false for a copy, or after
   * a move.
   */
  readonly isHere: boolean;
}

/** Reads the identity of a database, which is created on first use. */
export async function databaseIdentity(db: Database): Promise<DatabaseIdentity> {
  return withTransaction(db, (client) => identifyDatabase(client));
}

/**
 * Returns the id of a database that was neither copied nor moved.
 * @throws FlowlineError FLOWLINE_DATABASE_COPIED.
 */
export async function requireIdentity(db: Database): Promise<string> {
  const { id, isHere } = await databaseIdentity(db);
  if (isHere) return id;
  const message = `The database ${db.address} carries the identity of another database (${id}): it is a copy, or it was moved.`;
  throw new FlowlineError('FLOWLINE_DATABASE_COPIED', message, {
    where: db.address,
    remedy:
      'In a copy beside its original, run `flowline identity --new`, which gives it consumer groups of its own. If the ' +
      'original is gone, run `flowline identity --moved`.',
  });
}

/**
 * Declares a database a copy, or moved. A copy gets a new id, and with it new consumer groups for
 * its detectors; a moved database keeps both.
 * @returns its id.
 */
export async function settleDatabase(db: Database, what: 'copy' | 'moved'): Promise<string> {
  return (await withTransaction(db, (client) => settleIdentity(client, { isCopy: what === 'copy' }))).id;
}

/**
 * Returns the Kafka consumer group of a detector's scorers.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export async function consumerGroupOf(db: Database, detector: string): Promise<string> {
  const row = await withTransaction(db, (client) => selectConsumerGroup(client, { detector }));
  if (row === null) throw detectorMissing(detector);
  return row.consumerGroup;
}
