import type { Database } from './database.ts';
import { lockDetectorStreams } from './sql/detector-stream-lock.ts';
import { upsertFilePrefix } from './sql/file-prefix-upsert.ts';
import { type FileStream, selectFileStreams } from './sql/file-streams-select.ts';
import { withTransaction } from './transaction.ts';

export type { FileStream } from './sql/file-streams-select.ts';

/** The streams of a detector whose topic begins with this text, as far as they have been read. */
export function fileStreams(db: Database, detector: string, topicStart: string): Promise<readonly FileStream[]> {
  return withTransaction(db, (client) => selectFileStreams(client, detector, topicStart));
}

/**
 * Notes that the first so many lines of a stream have this digest, before anything of them is stored: a
 * fact about the content, true whether the batch that ends there is stored or not.
 */
export function recordFilePrefix(
  db: Database,
  { detector, topic }: { readonly detector: string; readonly topic: string },
  { lines, prefix }: { readonly lines: number; readonly prefix: string },
): Promise<void> {
  return withTransaction(db, async (client) => {
    await lockDetectorStreams(client, detector, false);
    await upsertFilePrefix(client, detector, topic, lines, prefix);
  });
}
