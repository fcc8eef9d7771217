import { statement } from '../statement.ts';

/** What is known of a stream of lines. */
export interface FileStream {
  readonly topic: string;
  /** So many lines are stored. */
  readonly nextOffset: number;
  /** Digests of its first n lines by n; null for a stream of before they were kept. */
  readonly prefixes: Readonly<Record<string, string>> | null;
}

/** The streams of a detector whose topic begins with this text. */
export const selectFileStreams = statement<[detector: string, topicStart: string], FileStream>(`
  SELECT topic, next_offset AS "nextOffset", prefixes FROM flowline.stream_offsets
  WHERE detector = $1 AND starts_with(topic, $2) AND partition = 0 ORDER BY topic
`);
