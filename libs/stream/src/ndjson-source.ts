import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import { FlowlineError } from '@flowline/events';

import type { EventSource, SourceBatch } from './event-source.ts';
import { type Line, LineSplitter } from './line-splitter.ts';
import { sourceFromBatches } from './source-from-batches.ts';
import { unreadable } from './unreadable.ts';

export interface NdjsonSourceOptions {
  /** Topic name. A known topic resumes at the line where it stopped. */
  readonly topic: string;
  /** Path of a file, or a stream such as standard input. */
  readonly input: string | Readable;
  readonly maxRows?: number;
  /** Maximum time before an incomplete batch is emitted, for input that trickles. */
  readonly maxWaitMs?: number;
  /** Maximum line length in bytes. A longer line is truncated to this plus one byte. */
  readonly maxLineBytes?: number;
  /** Called with the end position of each batch before the batch is emitted, which waits for it. */
  readonly onPosition?: (position: FilePosition) => Promise<void>;
  /**
   * Called with the number of an incomplete last line without a line break, which is left for
   * later.
   */
  readonly onUnfinished?: (line: number) => void;
}

/** Position in a file, identified by the content before it. */
export interface FilePosition {
  /** Number of lines before the position. */
  readonly lines: number;
  /** Digest of those lines, see {@link LineSplitter.prefix}. */
  readonly prefix: string;
}

/**
 * Creates a source of events from lines of JSON: partition 0, with the line number (from 0) as
 * offset. Blank lines are skipped. It reads on only once a batch is stored.
 *
 * The last line of a file may lack its line break if it is a complete object. If it is incomplete,
 * it is still being written and is left for later. The end of a stream is final: its last line is
 * taken as it is. Fails with FLOWLINE_FILE_UNREADABLE.
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
  /** Position at the end of the batch. */
  readonly end: FilePosition;
}

async function* lineBatches(stream: Readable, options: NdjsonSourceOptions): AsyncGenerator<LineBatch> {
  const { input, maxRows = 1000, maxWaitMs = 100, maxLineBytes = 1_000_000 } = options;
  const splitter = new LineSplitter(maxLineBytes);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>;
  const read = (): Promise<IteratorResult<Uint8Array | string>> => {
    const reading = chunks.next();
    // The read is awaited below, unless the consumer leaves this generator during a wait.
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

/** True if these bytes are a complete JSON object. */
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

/**
 * Resolves to the promise's value, or to `late` if the deadline (as of Date.now(), or Infinity)
 * comes first.
 */
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
