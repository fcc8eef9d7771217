import { maybe, one } from '../statement.ts';

/** Selects the id of the database, and whether it is still where it was when it got that id. */
export const identifyDatabase = one<{ id: string; isHere: boolean }>(`
  SELECT id, is_here AS "isHere" FROM flowline.identify_database()
`);

/**
 * Declares this database a copy, which gets a new id, or the same database at another place.
 * Returns the id.
 */
export const settleIdentity = one<{ id: string }, { isCopy: boolean }>(`
  SELECT id FROM flowline.settle_identity(:isCopy) AS id
`);

/** Selects the consumer group of a detector's scorers. */
export const selectConsumerGroup = maybe<{ consumerGroup: string }, { detector: string }>(`
  SELECT coalesce(d.consumer_group, 'flowline.' || d.name || '.' || i.id) AS "consumerGroup"
  FROM flowline.detectors d, flowline.identify_database() i WHERE d.name = :detector
`);

/** Selects the encoding of the database, as Postgres names it. */
export const selectEncoding = one<{ encoding: string }>(`
  SELECT pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = current_database()
`);
