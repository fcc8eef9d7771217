import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';

import { FlowlineError } from '@flowline/events';

import type { EventSource, SourceBatch } from './event-source.ts';
import { type Line, LineSplitter } from './line-splitter.ts';
import { sourceFromBatches } from './source-from-batches.ts';

export interface NdjsonSourceOptions {
  /** The topic is `ndjson:<name>`; the same name continues where it was left, by line number. */
  readonly name: string;
  /** A file, or a stream such as standard input. */
  readonly input: string | Readable;
  readonly maxRows?: number;
  /** A batch is passed on after this long though it is not full; for input that trickles. */
  readonly maxWaitMs?: number;
  /** The longest line, in bytes; of a longer one only the first bytes are kept, one more than this. */
  readonly maxLineBytes?: number;
}

/**
 * Events from lines of JSON: partition 0, the line number (from 0) as offset, blank lines skipped. Reads on only when a batch is
 * stored. Fails with FLOWLINE_FILE_UNREADABLE.
 */
export function createNdjsonSource(options: NdjsonSourceOptions): EventSource {
  const { name, input, maxRows = 1000, maxWaitMs = 100, maxLineBytes = 1_000_000 } = options;
  const topic = `ndjson:${name}`;
  return sourceFromBatches(async function* (signal) {
    const stream = typeof input === 'string' ? createReadStream(input, { highWaterMark: 1 << 18 }) : input;
    signal.addEventListener('abort', () => stream.destroy());
    let fromOffset = 0;
    try {
      for await (const lines of lineBatches(stream, maxRows, maxWaitMs, maxLineBytes)) {
        const batch = toBatch(topic, lines, fromOffset);
        fromOffset = batch.nextOffset;
        yield batch;
      }
    } catch (error) {
      throw unreadable(typeof input === 'string' ? input : name, error);
    } finally {
      stream.destroy();
    }
  });
}

async function* lineBatches(
  stream: Readable,
  maxRows: number,
  maxWaitMs: number,
  maxLineBytes: number,
): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter(maxLineBytes);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>;
  const read = (): Promise<IteratorResult<Uint8Array | string>> => {
    const reading = chunks.next();
    // It is awaited below, unless this generator is left in the middle of a wait.
    reading.catch(() => undefined);
    return reading;
  };
  let waiting: Line[] = [];
  let chunk = read();
  let deadline = Infinity;
  for (;;) {
    const next = await before(deadline, chunk);
    if (next !== 'late') {
      if (next.done === true) break;
      const bytes = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
      if (waiting.length === 0) deadline = Date.now() + maxWaitMs;
      waiting.push(...splitter.push(bytes));
      while (waiting.length >= maxRows) {
        yield waiting.slice(0, maxRows);
        waiting = waiting.slice(maxRows);
        deadline = Date.now() + maxWaitMs;
      }
      chunk = read();
    }
    if (Date.now() >= deadline) {
      if (waiting.length > 0) yield waiting;
      waiting = [];
    }
    if (waiting.length === 0) deadline = Infinity;
  }
  waiting.push(...splitter.end());
  for (let start = 0; start < waiting.length; start += maxRows) yield waiting.slice(start, start + maxRows);
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

function toBatch(topic: string, lines: readonly Line[], fromOffset: number): Omit<SourceBatch, 'done'> {
  const timestampMs = Date.now();
  const records = lines.map(({ number, bytes }) => ({
    offset: number,
    key: null,
    value: bytes,
    headers: {},
    timestampMs,
  }));
  return { topic, topicId: null, partition: 0, fromOffset, records, nextOffset: (lines.at(-1)?.number ?? -1) + 1 };
}

function unreadable(where: string, cause: unknown): FlowlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${path.basename(where)} cannot be read: ${reason}`, {
    where,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}
