import type { StoredHeaders } from '@flowline/events';

import { execute, many, one } from '../statement.ts';

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
export const selectDeadLetters = many<
  DeadLetterRow,
  { detector: string | null; reason: string | null; beforeId: number | null; limit: number }
>(`
  SELECT dead_letter_id AS "deadLetterId", detector, detector_version AS "detectorVersion", topic, partition, "offset",
         reason, field, message, key, value, headers, record_time AS "recordTime", stored_at AS "storedAt",
         redriven_at AS "redrivenAt"
  FROM flowline.dead_letters
  WHERE (:detector::text IS NULL OR detector = :detector) AND (:reason::text IS NULL OR reason = :reason)
    AND (:beforeId::bigint IS NULL OR dead_letter_id < :beforeId)
  ORDER BY dead_letter_id DESC LIMIT :limit
`);

/**
 * Claims dead letters that can be redriven, oldest first: those never redriven or, with `again`,
 * all. `lastId` null is before every id. Rows that others have claimed are skipped.
 */
export const claimDeadLetters = many<
  Pick<DeadLetterRow, 'deadLetterId' | 'topic' | 'partition' | 'offset' | 'key' | 'value' | 'headers'>,
  {
    detector: string;
    reason: string | null;
    ids: readonly number[] | null;
    again: boolean;
    afterId: number;
    lastId: number | null;
    limit: number;
  }
>(`
  SELECT dead_letter_id AS "deadLetterId", topic, partition, "offset", key, value, headers
  FROM flowline.dead_letters
  WHERE detector = :detector AND (:reason::text IS NULL OR reason = :reason)
    AND (:ids::bigint[] IS NULL OR dead_letter_id = ANY(:ids))
    AND (:again OR redriven_at IS NULL) AND dead_letter_id > :afterId AND dead_letter_id <= :lastId
    AND value IS NOT NULL AND reason <> 'too_large'
  ORDER BY dead_letter_id LIMIT :limit FOR UPDATE SKIP LOCKED
`);

/** Selects the id of a detector's latest dead letter. */
export const selectLastDeadLetter = one<{ lastId: number | null }, { detector: string }>(`
  SELECT max(dead_letter_id) AS "lastId" FROM flowline.dead_letters WHERE detector = :detector
`);

/** Number of columns of {@link copyDeadLetters}, and so of fields per row. */
export const DEAD_LETTER_FIELDS = 12;

/** COPY statement for records that could not be scored. */
export const copyDeadLetters = `
  COPY flowline.dead_letters (
    detector, detector_version, topic, partition, "offset", reason, field, message, key, value, headers, record_time
  ) FROM STDIN (FORMAT binary)`;

/** Marks dead letters as redriven. */
export const markRedriven = execute<{ ids: readonly number[] }>(`
  UPDATE flowline.dead_letters SET redriven_at = now() WHERE dead_letter_id = ANY(:ids::bigint[])
`);

/**
 * Deletes dead letters of a detector stored more than `keepDays` ago, at most `limit` per call,
 * oldest first.
 */
export const expireDeadLetters = one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.dead_letters WHERE dead_letter_id IN (
      SELECT dead_letter_id FROM flowline.dead_letters
      WHERE detector = :detector AND stored_at < now() - make_interval(days => :keepDays::integer)
      ORDER BY stored_at LIMIT :limit)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
