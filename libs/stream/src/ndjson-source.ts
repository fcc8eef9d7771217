import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import { FlowlineError } from '@flowline/events';

import type { EventSource, SourceBatch } from './event-source.ts';
import { type Line, LineSplitter } from './line-splitter.ts';
import { sourceFromBatches } from './source-from-batches.ts';
import { unreadable } from './unreadable.ts';

export interface NdjsonSourceOptions {
  /** The same topic continues where it was left, by line number. */
  readonly topic: string;
  /** A file, or a stream such as standard input. */
  readonly input: string | Readable;
  readonly maxRows?: number;
  /** A batch is passed on after this long though it is not full; for input that trickles. */
  readonly maxWaitMs?: number;
  /** The longest line, in bytes; of a longer one only the first bytes are kept, one more than this. */
  readonly maxLineBytes?: number;
  /** Told where a batch ends before it is passed on, which waits for it. */
  readonly onPosition?: (position: FilePosition) => Promise<void>;
  /** Told of the last line of a file that is left for later: it has no line break, and is not whole. */
  readonly onUnfinished?: (line: number) => void;
}

/** A position in a file, known by the content before it. */
export interface FilePosition {
  /** The number of lines before it. */
  readonly lines: number;
  /** Digest of those lines, see {@link LineSplitter.prefix}. */
  readonly prefix: string;
}

/**
 * Events from lines of JSON: partition 0, the line number (from 0) as offset, blank lines skipped. Reads
 * on only when a batch is stored. The last line of a file may lack its line break where it is a whole
 * object; else somebody is still writing it, and it is left for later. The end of a stream is an end:
 * its last line is taken as it is. Fails with FLOWLINE_FILE_UNREADABLE.
 */
export function createNdjsonSource(options: NdjsonSourceOptions): EventSource {
  const { topic, input } = options;
  return sourceFromBatches(async function* (signal) {
    const stream = typeof input === 'string' ? createReadStream(input, { highWaterMark: 1 << 18 }) : input;
    signal.addEventListener('abort', () => stream.destroy());
    let fromOffset = 0;
    try {
      for await (const { lines, end } of lineBatches(stream, options)) {
        const batch = toBatch(topic, lines, fromOffset, end.lines);
        fromOffset = batch.nextOffset;
        await options.onPosition?.(end);
        yield batch;
      }
    } catch (error) {
      if (error instanceof FlowlineError) throw error;
      throw unreadable(typeof input === 'string' ? input : topic, error);
    } finally {
      stream.destroy();
    }
  });
}

interface LineBatch {
  readonly lines: readonly Line[];
  /** Where it ends. */
  readonly end: FilePosition;
}

async function* lineBatches(stream: Readable, options: NdjsonSourceOptions): AsyncGenerator<LineBatch> {
  const { input, maxRows = 1000, maxWaitMs = 100, maxLineBytes = 1_000_000 } = options;
  const splitter = new LineSplitter(maxLineBytes);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>;
  const read = (): Promise<IteratorResult<Uint8Array | string>> => {
    const reading = chunks.next();
    // It is awaited below, unless this generator is left in the middle of a wait.
    reading.catch(() => undefined);
    return reading;
  };
  let waiting: Line[] = [];
  const position = (): FilePosition => ({ lines: splitter.lines, prefix: splitter.prefix() });
  const take = (end = position()): LineBatch => {
    const lines = waiting;
    waiting = [];
    return { lines, end };
  };
  let chunk = read();
  let deadline = Infinity;
  for (;;) {
    const next = await before(deadline, chunk);
    if (next !== 'late') {
      if (next.done === true) break;
      const bytes = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
      if (waiting.length === 0) deadline = Date.now() + maxWaitMs;
      for (const line of splitter.push(bytes)) {
        if (line.bytes.length === 0 || waiting.push(line) < maxRows) continue;
        yield take();
        deadline = Date.now() + maxWaitMs;
      }
      chunk = read();
    }
    if (Date.now() >= deadline && waiting.length > 0) yield take();
    if (waiting.length === 0) deadline = Infinity;
  }
  const beforeLast = position();
  const last = splitter.end();
  if (last !== null && (typeof input !== 'string' || isWholeObject(last.bytes))) {
    waiting.push(last);
    yield take();
    return;
  }
  if (last !== null) options.onUnfinished?.(last.number);
  if (waiting.length > 0) yield take(beforeLast);
}

/** True where nothing can be missing at the end of this JSON. */
function isWholeObject(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('utf8').trim();
  if (!text.endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The promise's value, or `late` where the deadline (Date.now(), Infinity for none) comes first. */
async function before<T>(deadline: number, promise: Promise<T>): Promise<T | 'late'> {
  if (deadline === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.max(0, deadline - Date.now()));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function toBatch(
  topic: string,
  lines: readonly Line[],
  fromOffset: number,
  nextOffset: number,
): Omit<SourceBatch, 'done'> {
  const timestampMs = Date.now();
  const records = lines.map(({ number, bytes }) => ({
    offset: number,
    key: null,
    value: bytes,
    headers: {},
    timestampMs,
  }));
  return { topic, topicId: null, partition: 0, fromOffset, records, nextOffset };
}
