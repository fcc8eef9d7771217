import { statement } from '../statement.ts';

/** Selects the id of the database, and whether it is still where it was when it got that id. */
export const identifyDatabase = statement<[], { readonly id: string; readonly isHere: boolean }>(`
  SELECT id, is_here AS "isHere" FROM flowline.identify_database()
`);

/**
 * Declares this database a copy, which gets a new id, or the same database at another place.
 * Returns the id.
 */
export const settleIdentity = statement<[isCopy: boolean], { readonly id: string }>(`
  SELECT id FROM flowline.settle_identity($1) AS id
`);

/** Selects the consumer group of a detector's scorers. */
export const selectConsumerGroup = statement<[detector: string], { readonly consumerGroup: string }>(`
  SELECT coalesce(d.consumer_group, 'flowline.' || d.name || '.' || i.id) AS "consumerGroup"
  FROM flowline.detectors d, flowline.identify_database() i WHERE d.name = $1
`);
