import { maybe, one } from '../statement.ts';

/** Partition of a detector's stream. */
export interface Stream {
  readonly detector: string;
  readonly topic: string;
  readonly partition: number;
}

/** State of a partition's discoveries; null in every column if no event was tested. */
type DiscoveryColumns =
  | { level: number; tests: number; discovered: number; latest: number[]; expected: number }
  | { level: null; tests: null; discovered: null; latest: null; expected: null };

/** Selects the offset of a partition and what has been discovered in it. */
export const selectDiscoveries = maybe<{ nextOffset: number } & DiscoveryColumns, Stream>(`
  SELECT o.next_offset AS "nextOffset", d.level, d.tests, d.discovered, d.latest::float8[] AS latest, d.expected
  FROM flowline.stream_offsets AS o LEFT JOIN flowline.partition_discoveries AS d USING (detector, topic, partition)
  WHERE o.detector = :detector AND o.topic = :topic AND o.partition = :partition
`);

/**
 * Stores the discoveries of a partition if those stored are the ones that they follow (all null:
 * there are none). Returns the number of rows stored: 1, or 0.
 */
export const upsertDiscoveries = one<
  { stored: number },
  Stream & {
    level: number;
    tests: number;
    discovered: number;
    latest: readonly number[];
    expected: number;
    followsLevel: number | null;
    followsTests: number | null;
    followsDiscovered: number | null;
    followsLatest: readonly number[] | null;
  }
>(`
  WITH stored AS (
    INSERT INTO flowline.partition_discoveries AS d (detector, topic, partition, level, tests, discovered, latest, expected)
    SELECT :detector, :topic, :partition, :level, :tests, :discovered, :latest::bigint[], :expected
    WHERE (:followsTests::bigint IS NULL) = NOT EXISTS (
      SELECT FROM flowline.partition_discoveries
      WHERE detector = :detector AND topic = :topic AND partition = :partition)
    ON CONFLICT (detector, topic, partition)
    DO UPDATE SET level = excluded.level, tests = excluded.tests, discovered = excluded.discovered,
      latest = excluded.latest, expected = excluded.expected, updated_at = now()
    WHERE d.level = :followsLevel::float8 AND d.tests = :followsTests::bigint
      AND d.discovered = :followsDiscovered::bigint AND d.latest = :followsLatest::bigint[]
    RETURNING 1
  )
  SELECT count(*)::integer AS stored FROM stored
`);
