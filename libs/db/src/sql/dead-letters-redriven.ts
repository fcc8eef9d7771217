import { statement } from '../statement.ts';

/** Marks dead letters as redriven. */
export const markRedriven = statement<[ids: readonly number[]], never>(`
  UPDATE flowline.dead_letters SET redriven_at = now() WHERE dead_letter_id = ANY($1::bigint[])
`);
