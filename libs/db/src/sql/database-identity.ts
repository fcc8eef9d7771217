import { statement } from '../statement.ts';

/** Which database this is, and whether it is where it was when it was told so. */
export const identifyDatabase = statement<[], { readonly id: string; readonly isHere: boolean }>(`
  SELECT id, is_here AS "isHere" FROM flowline.identify_database()
`);

/** Says that this database is a copy and gets an id of its own, or is the same at another place. */
export const settleIdentity = statement<[isCopy: boolean], { readonly id: string }>(`
  SELECT id FROM flowline.settle_identity($1) AS id
`);

/** The consumer group of a detector's scorers. */
export const selectConsumerGroup = statement<[detector: string], { readonly consumerGroup: string }>(`
  SELECT coalesce(d.consumer_group, 'flowline.' || d.name || '.' || i.id) AS "consumerGroup"
  FROM flowline.detectors d, flowline.identify_database() i WHERE d.name = $1
`);
