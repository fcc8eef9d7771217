import type { StoredHeaders } from '@flowline/events';

import { statement } from '../statement.ts';

/** Record that could not be scored. */
export interface DeadLetterRow {
  readonly deadLetterId: number;
  readonly detector: string;
  readonly detectorVersion: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly field: string | null;
  readonly message: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: StoredHeaders;
  readonly recordTime: Date;
  readonly storedAt: Date;
  /** Time at which it was sent to its topic again; null if never. */
  readonly redrivenAt: Date | null;
}

/**
 * Selects dead letters of a detector (null: of all), latest first, with ids below that of the
 * previous page.
 */
export const selectDeadLetters = statement<
  [detector: string | null, reason: string | null, beforeId: number | null, limit: number],
  DeadLetterRow
>(`
  SELECT dead_letter_id AS "deadLetterId", detector, detector_version AS "detectorVersion", topic, partition, "offset",
         reason, field, message, key, value, headers, record_time AS "recordTime", stored_at AS "storedAt",
         redriven_at AS "redrivenAt"
  FROM flowline.dead_letters
  WHERE ($1::text IS NULL OR detector = $1) AND ($2::text IS NULL OR reason = $2)
    AND ($3::bigint IS NULL OR dead_letter_id < $3)
  ORDER BY dead_letter_id DESC LIMIT $4
`);
