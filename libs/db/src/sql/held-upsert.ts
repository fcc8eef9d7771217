import { statement } from '../statement.ts';

/** Stores which model version is held back and why; all null if none is. */
export const upsertHeld = statement<
  [detector: string, version: number | null, code: string | null, reason: string | null, remedy: string | null],
  never
>(`
  INSERT INTO flowline.detectors_in_force (detector, held_version, held_code, held_reason, held_remedy, held_at)
  VALUES ($1, $2, $3, $4, $5, CASE WHEN $2::integer IS NULL THEN NULL ELSE now() END)
  ON CONFLICT (detector) DO UPDATE SET held_version = excluded.held_version, held_code = excluded.held_code,
    held_reason = excluded.held_reason, held_remedy = excluded.held_remedy, held_at = excluded.held_at
`);
