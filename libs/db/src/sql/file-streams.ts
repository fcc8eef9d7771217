import { execute, many } from '../statement.ts';

/** Stored state of a stream of lines. */
export interface FileStream {
  readonly topic: string;
  /** Number of lines stored. */
  readonly nextOffset: number;
  /** Digests of the first n lines, by n; null for a stream older than these digests. */
  readonly prefixes: Readonly<Record<string, string>> | null;
}

/** Selects the streams of a detector whose topic begins with a text. */
export const selectFileStreams = many<FileStream, { detector: string; topicStart: string }>(`
  SELECT topic, next_offset AS "nextOffset", prefixes FROM flowline.stream_offsets
  WHERE detector = :detector AND starts_with(topic, :topicStart) AND partition = 0 ORDER BY topic
`);

/**
 * Stores the digest of the first lines of a file and deletes the digests of positions already
 * passed. Begins the stream if there is none, unless its detector is deleted.
 */
export const upsertFilePrefix = execute<{ detector: string; topic: string; lines: number; prefix: string }>(`
  INSERT INTO flowline.stream_offsets AS stream (detector, topic, partition, next_offset, prefixes)
  SELECT :detector::text, :topic::text, 0, 0, jsonb_build_object(:lines::bigint, :prefix::text)
  WHERE NOT EXISTS (SELECT FROM flowline.detectors WHERE name = :detector AND state = 'deleted')
  ON CONFLICT (detector, topic, partition) DO UPDATE SET prefixes = excluded.prefixes || coalesce(
    (SELECT jsonb_object_agg(known.lines, known.prefix) FROM jsonb_each(stream.prefixes) AS known (lines, prefix)
     WHERE known.lines::bigint >= stream.next_offset), '{}')
`);
