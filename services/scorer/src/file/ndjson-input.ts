import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';

import type { FileStream } from '@flowline/db';
import { FlowlineError, messageOf } from '@flowline/events';
import { filePrefixes } from '@flowline/stream';

/** A finite input, and the topic under which its lines are stored. */
export interface NdjsonInput {
  readonly topic: string;
  readonly input: string | Readable;
}

/** Streams of the detector whose topic starts with a text. */
export type KnownStreams = (topicStart: string) => Promise<readonly FileStream[]>;

/**
 * Maximum bytes of the first line in the fingerprint that, with the file name, names a new stream.
 */
const FINGERPRINT_BYTES = 65_536;

/**
 * Opens the input of `ndjson:PATH`. A file is identified by its name and by its content before the
 * stored position. If it is read again, or has grown, reading continues from there. Another file of
 * the same name, or one that was truncated and rewritten, starts from the beginning. Standard input
 * cannot be read again: each one is a stream of its own.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function ndjsonInput(
  file: string,
  known: KnownStreams,
  stdin: Readable = process.stdin,
): Promise<NdjsonInput> {
  if (file === '-') return { topic: `ndjson:stdin#${new Date().toISOString()}-${process.pid}`, input: stdin };
  const line = await firstLine(file);
  const fingerprint = createHash('sha256').update(line).digest('hex').slice(0, 8);
  const start = `ndjson:${path.basename(file)}#`;
  const streams = await known(start);
  return { topic: (await continued(file, streams)) ?? unused(`${start}${fingerprint}`, streams), input: file };
}

/**
 * Topic of the stream that the file continues: the longest one whose content is a prefix of the
 * file.
 */
async function continued(file: string, streams: readonly FileStream[]): Promise<string | undefined> {
  const marked = streams.flatMap(({ topic, nextOffset, prefixes }) => {
    const mark = nearestMark(prefixes ?? {}, nextOffset);
    return mark === undefined ? [] : [{ topic, nextOffset, ...mark }];
  });
  const found = await filePrefixes(
    file,
    marked.map(({ lines }) => lines),
  );
  const [longest] = marked
    .filter(({ lines, prefix }) => found.get(lines) === prefix)
    .sort((a, b) => b.nextOffset - a.nextOffset);
  return longest?.topic;
}

/**
 * Digest that identifies a stream: the one at the stored position or, after a crash in the middle
 * of a batch, at the end of that batch.
 */
function nearestMark(prefixes: Readonly<Record<string, string>>, nextOffset: number) {
  const marks = Object.entries(prefixes).map(([lines, prefix]) => ({ lines: Number(lines), prefix }));
  marks.sort((a, b) => a.lines - b.lines);
  return marks.find(({ lines }) => lines >= nextOffset) ?? marks.at(-1);
}

/**
 * Topic that none of these streams has. A stream that was begun before digests were kept is
 * identified by its first line alone, as it was then.
 */
function unused(topic: string, streams: readonly FileStream[]): string {
  const taken = new Map(streams.map((stream) => [stream.topic, stream]));
  if (taken.get(topic)?.prefixes === null) return topic;
  let name = topic;
  for (let copy = 2; taken.has(name); copy++) name = `${topic}.${copy}`;
  return name;
}

async function firstLine(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(FINGERPRINT_BYTES), 0, FINGERPRINT_BYTES, 0);
      const read = buffer.subarray(0, bytesRead);
      const end = read.indexOf('\n');
      return end < 0 ? read : read.subarray(0, end);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = messageOf(error);
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${reason}`, {
      where: file,
      remedy: 'Check the path and its permissions.',
      cause: error,
    });
  }
}
