import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, describe, expect, it } from '@jest/globals';
import { concatMap, firstValueFrom, lastValueFrom, tap, toArray } from 'rxjs';

import type { EventSource, SourceBatch } from './event-source.ts';
import { createMemorySource, jsonRecord } from './memory-source.ts';
import { filePrefixes } from './file-prefixes.ts';
import { createNdjsonSource, type FilePosition } from './ndjson-source.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'flowline-ndjson-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const target = path.join(folder, name);
  writeFileSync(target, text);
  return target;
}

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `{"i":${i}}\n`).join('');

/** Takes every batch and tells the source that it is stored. */
function drain(source: EventSource): Promise<SourceBatch[]> {
  return lastValueFrom(
    source.batches$.pipe(
      tap((batch) => batch.done()),
      toArray(),
    ),
  );
}

const textOf = (batch: SourceBatch): string[] =>
  batch.records.map((record) => Buffer.from(record.value ?? []).toString());

const sources: [string, (rows: number) => EventSource][] = [
  [
    'memory',
    (rows) =>
      createMemorySource({
        topic: 't',
        partitions: [Array.from({ length: rows }, (_, i) => jsonRecord(i, { i }))],
        maxRows: 10,
      }),
  ],
  [
    'ndjson file',
    (rows) => createNdjsonSource({ topic: 'n', input: file(`rows-${rows}.ndjson`, lines(rows)), maxRows: 10 }),
  ],
];

describe.each(sources)('%s source', (_, create) => {
  it('gives every record once, in order, in batches of at most maxRows, then completes', async () => {
    const batches = await drain(create(95));
    expect(batches.flatMap(textOf)).toEqual(Array.from({ length: 95 }, (_unused, i) => `{"i":${i}}`));
    expect(batches.flatMap((batch) => batch.records.map(({ offset }) => offset))).toEqual(
      Array.from({ length: 95 }, (_unused, i) => i),
    );
    expect(batches.map((batch) => batch.records.length)).toEqual([...Array<number>(9).fill(10), 5]);
    expect(batches.map((batch) => batch.nextOffset)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 95]);
  });

  it('completes at once when there is nothing', async () => {
    expect(await drain(create(0))).toEqual([]);
  });

  it('has no second batch in flight before the first is done', async () => {
    let inFlight = 0;
    let most = 0;
    const source = create(50);
    await lastValueFrom(
      source.batches$.pipe(
        tap(() => (most = Math.max(most, ++inFlight))),
        concatMap(async (batch) => {
          await sleep(1);
          inFlight--;
          batch.done();
        }),
      ),
    );
    expect(most).toBe(1);
  });

  it('finishes the batch in flight and completes when it is stopped', async () => {
    const source = create(50);
    const seen: number[] = [];
    await lastValueFrom(
      source.batches$.pipe(
        concatMap(async (batch) => {
          source.stop();
          await sleep(1);
          seen.push(batch.nextOffset);
          batch.done();
        }),
      ),
    );
    expect(seen).toEqual([10]);
  });
});

describe('ndjson source', () => {
  it('names its topic, and counts blank lines', async () => {
    const [batch] = await drain(
      createNdjsonSource({ topic: 'ndjson:orders', input: file('blank', '\n{"a":1}\n\n{"a":2}') }),
    );
    expect(batch).toMatchObject({ topic: 'ndjson:orders', partition: 0, nextOffset: 4 });
    expect(batch?.records.map(({ offset }) => offset)).toEqual([1, 3]);
  });

  it('reads a stream, and passes a batch on when the input pauses', async () => {
    const input = new PassThrough();
    const source = createNdjsonSource({ topic: 's', input, maxRows: 100, maxWaitMs: 10 });
    input.write('{"i":0}\n{"i":1}\n{"i"');
    expect(textOf(await firstValueFrom(source.batches$))).toEqual(['{"i":0}', '{"i":1}']);
  });

  it('can be stopped while it waits for input', async () => {
    const source = createNdjsonSource({ topic: 's', input: new PassThrough() });
    const drained = drain(source);
    await sleep(5);
    source.stop();
    expect(await drained).toEqual([]);
  });

  it('does not read on while a batch is not stored', async () => {
    let produced = 0;
    const input = new PassThrough({ highWaterMark: 1024 });
    const feed = async (): Promise<void> => {
      for (; produced < 2000; produced++) {
        if (!input.write(`${JSON.stringify({ i: produced })}\n`)) await new Promise((r) => input.once('drain', r));
      }
      input.end();
    };
    const feeding = feed();
    const source = createNdjsonSource({ topic: 's', input, maxRows: 10 });
    let first = true;
    const all = await lastValueFrom(
      source.batches$.pipe(
        concatMap(async (batch) => {
          if (first) {
            await sleep(30);
            expect(produced).toBeLessThan(500);
            first = false;
          }
          batch.done();
          return batch.records.length;
        }),
        toArray(),
      ),
    );
    await feeding;
    expect(all.reduce((a, b) => a + b, 0)).toBe(2000);
  });

  it('cuts off a line over the limit', async () => {
    const input = file('long', `{"a":1}\n"${'x'.repeat(500_000)}"\n{"a":2}\n`);
    const batches = await drain(createNdjsonSource({ topic: 'n', input, maxLineBytes: 20 }));
    expect(batches.flatMap(({ records }) => records.map(({ value }) => value?.length))).toEqual([7, 21, 7]);
  });

  it('leaves a half-written last line of a file for later, and says so', async () => {
    for (const half of ['{"a":', '{"a":{"b":1}', '12', '"te', '{"a":"}']) {
      const unfinished: number[] = [];
      const positions: number[] = [];
      const source = createNdjsonSource({
        topic: 'n',
        input: file('half', `{"a":0}\n\n${half}`),
        onUnfinished: (line) => unfinished.push(line),
        onPosition: ({ lines }) => Promise.resolve(void positions.push(lines)),
      });
      const [batch, ...more] = await drain(source);
      expect(batch && textOf(batch)).toEqual(['{"a":0}']);
      expect({ next: batch?.nextOffset, more, unfinished, positions }).toEqual({
        ...{ next: 2, more: [], unfinished: [2], positions: [2] },
      });
    }
  });

  it('takes the end of a stream as the end of its last line', async () => {
    const input = new PassThrough();
    input.end('{"a":0}\n{"a":');
    const [batch] = await drain(createNdjsonSource({ topic: 's', input }));
    expect(batch && textOf(batch)).toEqual(['{"a":0}', '{"a":']);
  });

  it('tells the content before each position, which waits until it is noted', async () => {
    const text = lines(25);
    const positions: FilePosition[] = [];
    const input = file('positions', text);
    const source = createNdjsonSource({
      ...{ topic: 'n', input, maxRows: 10 },
      onPosition: async (position) => {
        await sleep(1);
        positions.push(position);
      },
    });
    await lastValueFrom(
      source.batches$.pipe(
        tap(({ nextOffset, done }) => {
          expect(positions.at(-1)?.lines).toBe(nextOffset);
          done();
        }),
      ),
    );
    const digest = (count: number) => createHash('sha256').update(lines(count)).digest('hex');
    expect(positions).toEqual([10, 20, 25].map((count) => ({ lines: count, prefix: digest(count) })));
    expect(await filePrefixes(input, [0, 20, 25, 26])).toEqual(
      new Map([0, 20, 25].map((count) => [count, digest(count)])),
    );
  });

  it('fails with the path when the file is not there', async () => {
    const source = createNdjsonSource({ topic: 'n', input: path.join(folder, 'absent.ndjson') });
    await expect(drain(source)).rejects.toMatchObject({
      code: 'FLOWLINE_FILE_UNREADABLE',
      where: path.join(folder, 'absent.ndjson'),
    });
  });
});
