import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';

import type { FileStream } from '@flowline/db';
import { createNdjsonSource } from '@flowline/stream';
import { afterAll, describe, expect, it } from '@jest/globals';
import { lastValueFrom, tap } from 'rxjs';

import { ndjsonInput } from './ndjson-input.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'flowline-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

const none = () => Promise.resolve([]);

/** Streams of a detector in memory, fed by real sources. */
class Streams {
  readonly #streams = new Map<string, { nextOffset: number; prefixes: Record<string, string> | null }>();

  readonly known = (start: string): Promise<readonly FileStream[]> =>
    Promise.resolve(
      [...this.#streams].flatMap(([topic, stream]) => (topic.startsWith(start) ? [{ topic, ...stream }] : [])),
    );

  /** Adds a stream that an earlier version of Flowline has read. */
  begun(topic: string, nextOffset: number): void {
    this.#streams.set(topic, { nextOffset, prefixes: null });
  }

  /**
   * Reads a file once and returns the lines that were not stored before. Stops storing after
   * `crashAfter` lines, as a crash does.
   */
  async read(file: string, crashAfter = Infinity): Promise<{ topic: string; lines: string[] }> {
    const { topic, input } = await ndjsonInput(file, this.known);
    const stream = this.#streams.get(topic) ?? { nextOffset: 0, prefixes: {} };
    this.#streams.set(topic, stream);
    const lines: string[] = [];
    const source = createNdjsonSource({
      ...{ topic, input, maxRows: 2 },
      onPosition: ({ lines: at, prefix }) => {
        stream.prefixes = { ...stream.prefixes, [at]: prefix };
        return Promise.resolve();
      },
    });
    const stored$ = source.batches$.pipe(
      tap(({ records, nextOffset, done }) => {
        for (const { offset, value } of records) {
          if (offset >= stream.nextOffset && offset < crashAfter) lines.push(Buffer.from(value ?? []).toString());
        }
        stream.nextOffset = Math.max(stream.nextOffset, Math.min(nextOffset, crashAfter));
        done();
      }),
    );
    await lastValueFrom(stored$, { defaultValue: undefined });
    return { topic, lines };
  }
}

const json = (...values: readonly number[]): string => values.map((i) => `{"i":${i}}\n`).join('');

describe('ndjsonInput', () => {
  it('goes on where it was left, however the file was written meanwhile', async () => {
    const streams = new Streams();
    const file = path.join(folder, 'grows.ndjson');
    writeFileSync(file, `${json(0, 1)}\n{"i"`);
    const first = await streams.read(file);
    expect(first.lines).toEqual(['{"i":0}', '{"i":1}']);
    expect(first.topic).toMatch(/^ndjson:grows\.ndjson#[0-9a-f]{8}$/);
    appendFileSync(file, ':2}');
    expect(await streams.read(file)).toEqual({ topic: first.topic, lines: ['{"i":2}'] });
    appendFileSync(file, `\r\n${json(3, 4, 5)}`);
    expect(await streams.read(file)).toEqual({ topic: first.topic, lines: ['{"i":3}', '{"i":4}', '{"i":5}'] });
    expect(await streams.read(file)).toEqual({ topic: first.topic, lines: [] });
  });

  it('tells files of the same name and first line apart, and truncated ones that were written anew', async () => {
    const streams = new Streams();
    const file = path.join(folder, 'rotated.ndjson');
    writeFileSync(file, json(0, 1, 2));
    const first = await streams.read(file);
    writeFileSync(file, json(0, 7, 8, 9, 10));
    const second = await streams.read(file);
    expect(second.lines).toHaveLength(5);
    writeFileSync(file, json(0));
    const third = await streams.read(file);
    expect(third.lines).toHaveLength(1);
    expect(new Set([first, second, third].map(({ topic }) => topic)).size).toBe(3);
    // The third is a prefix of the first, and the first is longer.
    writeFileSync(file, json(0, 1, 2, 3));
    expect(await streams.read(file)).toEqual({ topic: first.topic, lines: ['{"i":3}'] });
  });

  it('knows a file after a crash in the middle of a batch', async () => {
    for (const stored of [1, 2, 3]) {
      const streams = new Streams();
      const file = path.join(folder, `crash-${stored}.ndjson`);
      writeFileSync(file, json(0, 1, 2, 3));
      const { topic } = await streams.read(file, stored);
      expect(await streams.read(file)).toEqual({
        ...{ topic, lines: [0, 1, 2, 3].slice(stored).map((i) => `{"i":${i}}`) },
      });
    }
  });

  it('goes on with what an earlier version has read', async () => {
    const streams = new Streams();
    const file = path.join(folder, 'earlier.ndjson');
    writeFileSync(file, json(0, 1));
    const { topic } = await ndjsonInput(file, none);
    streams.begun(topic, 1);
    expect(await streams.read(file)).toEqual({ topic, lines: ['{"i":1}'] });
    writeFileSync(file, json(0, 5));
    expect((await streams.read(file)).lines).toHaveLength(2);
  });

  it('takes an empty file', async () => {
    const file = path.join(folder, 'empty.ndjson');
    writeFileSync(file, '');
    expect((await ndjsonInput(file, none)).topic).toMatch(/^ndjson:empty\.ndjson#/);
  });

  it('gives standard input a topic of its own', async () => {
    const stdin = Readable.from([]);
    const { topic, input } = await ndjsonInput('-', none, stdin);
    expect(topic).toMatch(/^ndjson:stdin#/);
    expect(input).toBe(stdin);
  });

  it('says which file cannot be read', async () => {
    const file = path.join(folder, 'absent.ndjson');
    await expect(ndjsonInput(file, none)).rejects.toMatchObject({ code: 'FLOWLINE_FILE_UNREADABLE', where: file });
    await expect(ndjsonInput(folder, none)).rejects.toMatchObject({ code: 'FLOWLINE_FILE_UNREADABLE' });
  });
});
