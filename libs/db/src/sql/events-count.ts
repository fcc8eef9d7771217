import { statement } from '../statement.ts';

/** Counts the stored events of some versions of a detector, up to `most`. */
export const countStoredEvents = statement<
  [detector: string, versions: readonly number[], most: number],
  { readonly events: number }
>(`
  SELECT count(*)::integer AS events FROM (
    SELECT 1 FROM flowline.scored_events
    WHERE detector = $1 AND detector_version = ANY($2::integer[]) AND in_sample LIMIT $3) AS counted
`);
