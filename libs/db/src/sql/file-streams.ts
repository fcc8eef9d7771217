import { statement } from '../statement.ts';

/**
 * Stores the digest of the first lines of a file and deletes the digests of positions already
 * passed. Begins the stream if there is none, unless its detector is deleted.
 */
export const upsertFilePrefix = statement<[detector: string, topic: string, lines: number, prefix: string], never>(`
  INSERT INTO flowline.stream_offsets AS stream (detector, topic, partition, next_offset, prefixes)
  SELECT $1::text, $2::text, 0, 0, jsonb_build_object($3::bigint, $4::text)
  WHERE NOT EXISTS (SELECT FROM flowline.detectors WHERE name = $1 AND state = 'deleted')
  ON CONFLICT (detector, topic, partition) DO UPDATE SET prefixes = excluded.prefixes || coalesce(
    (SELECT jsonb_object_agg(known.lines, known.prefix) FROM jsonb_each(stream.prefixes) AS known (lines, prefix)
     WHERE known.lines::bigint >= stream.next_offset), '{}')
`);
