import { statement } from '../statement.ts';

/** State of a detector: scored and trained, paused, or deleted. */
export type DetectorState = 'active' | 'paused' | 'deleted';

/**
 * Changes the state of a detector from one of the given states. No row if it is in another state or
 * its data are being dropped.
 */
export const updateDetectorState = statement<
  [name: string, state: DetectorState, from: readonly DetectorState[]],
  { readonly name: string }
>(`
  UPDATE flowline.detectors SET state = $2, state_changed_at = now()
  WHERE name = $1 AND state = ANY($3::text[]) AND NOT dropping RETURNING name
`);
