import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';

import type { FileStream } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { filePrefixes } from '@flowline/stream';

/** A finite input, and the topic under which its lines are known. */
export interface NdjsonInput {
  readonly topic: string;
  readonly input: string | Readable;
}

/** The streams of the detector whose topic begins with a text. */
export type KnownStreams = (topicStart: string) => Promise<readonly FileStream[]>;

/** What a new stream is named after, besides its file: the first line, up to this length. */
const FINGERPRINT_BYTES = 65_536;

/**
 * What `ndjson:PATH` reads. A file is known by its name and by the content before the position that is
 * stored: read again, or grown, it goes on where it was left, while another file of the same name, or
 * one that was truncated and written anew, begins anew. Standard input cannot be read again: each is a
 * stream of its own.
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

/** The topic of the stream that the file continues: of those whose content it begins with, the longest. */
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
 * The digest that a stream is recognised by: at the position that is stored; after a crash in the middle
 * of a batch, at that batch's end.
 */
function nearestMark(prefixes: Readonly<Record<string, string>>, nextOffset: number) {
  const marks = Object.entries(prefixes).map(([lines, prefix]) => ({ lines: Number(lines), prefix }));
  marks.sort((a, b) => a.lines - b.lines);
  return marks.find(({ lines }) => lines >= nextOffset) ?? marks.at(-1);
}

/**
 * A topic that is none of these streams'. One that was begun before digests were kept is told apart by
 * its first line alone, as then.
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${reason}`, {
      where: file,
      remedy: 'Check the path and its permissions.',
      cause: error,
    });
  }
}
