import { statement } from '../statement.ts';

/** Stored state of a stream of lines. */
export interface FileStream {
  readonly topic: string;
  /** Number of lines stored. */
  readonly nextOffset: number;
  /** Digests of the first n lines, by n; null for a stream older than these digests. */
  readonly prefixes: Readonly<Record<string, string>> | null;
}

/** Selects the streams of a detector whose topic begins with a text. */
export const selectFileStreams = statement<[detector: string, topicStart: string], FileStream>(`
  SELECT topic, next_offset AS "nextOffset", prefixes FROM flowline.stream_offsets
  WHERE detector = $1 AND starts_with(topic, $2) AND partition = 0 ORDER BY topic
`);
