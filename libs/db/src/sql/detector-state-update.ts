import { statement } from '../statement.ts';

/** What a detector does: scored and trained, resting, or gone. */
export type DetectorState = 'active' | 'paused' | 'deleted';

/** Changes the state of a detector from one of those given; no row where it is in none, or its data are being dropped. */
export const updateDetectorState = statement<
  [name: string, state: DetectorState, from: readonly DetectorState[]],
  { readonly name: string }
>(`
  UPDATE flowline.detectors SET state = $2, state_changed_at = now()
  WHERE name = $1 AND state = ANY($3::text[]) AND NOT dropping RETURNING name
`);
