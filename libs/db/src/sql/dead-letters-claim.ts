import { statement } from '../statement.ts';
import type { DeadLetterRow } from './dead-letters-select.ts';

/**
 * Claims dead letters that can be redriven, oldest first: those never redriven or, with `again`,
 * all. Rows that others have claimed are skipped.
 */
export const claimDeadLetters = statement<
  [
    detector: string,
    reason: string | null,
    ids: readonly number[] | null,
    again: boolean,
    afterId: number,
    lastId: number,
    limit: number,
  ],
  Pick<DeadLetterRow, 'deadLetterId' | 'topic' | 'partition' | 'offset' | 'key' | 'value' | 'headers'>
>(`
  SELECT dead_letter_id AS "deadLetterId", topic, partition, "offset", key, value, headers
  FROM flowline.dead_letters
  WHERE detector = $1 AND ($2::text IS NULL OR reason = $2) AND ($3::bigint[] IS NULL OR dead_letter_id = ANY($3))
    AND ($4 OR redriven_at IS NULL) AND dead_letter_id > $5 AND dead_letter_id <= $6
    AND value IS NOT NULL AND reason <> 'too_large'
  ORDER BY dead_letter_id LIMIT $7 FOR UPDATE SKIP LOCKED
`);

/** Selects the id of a detector's latest dead letter. */
export const selectLastDeadLetter = statement<[detector: string], { readonly lastId: number | null }>(`
  SELECT max(dead_letter_id) AS "lastId" FROM flowline.dead_letters WHERE detector = $1
`);
