import type { Database } from './database.ts';
import { type FileStream, selectFileStreams, upsertFilePrefix } from './sql/file-streams.ts';
import { lockDetectorStreams } from './sql/streams.ts';
import { withTransaction } from './transaction.ts';

export type { FileStream } from './sql/file-streams.ts';

/** Lists the streams of a detector whose topic begins with a text, with their positions. */
export function fileStreams(db: Database, detector: string, topicStart: string): Promise<readonly FileStream[]> {
  return withTransaction(db, (client) => selectFileStreams(client, { detector, topicStart }));
}

/**
 * Stores the digest of the first `lines` lines of a stream before any of them is stored. The digest
 * is a fact about the content, valid whether or not the batch that ends there is stored.
 */
export function recordFilePrefix(
  db: Database,
  { detector, topic }: { readonly detector: string; readonly topic: string },
  { lines, prefix }: { readonly lines: number; readonly prefix: string },
): Promise<void> {
  return withTransaction(db, async (client) => {
    await lockDetectorStreams(client, { detector, exclusive: false });
    await upsertFilePrefix(client, { detector, topic, lines, prefix });
  });
}
