import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createFileSink } from './file-sink.ts';
import { outboxMessages } from './testing/messages.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-file-sink-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a file', () => {
  it('gets a line per message, after those that it has', async () => {
    const sink = createFileSink({ name: 'log', path: path.join(folder, 'alerts.ndjson') });
    expect(await sink.send(outboxMessages(2))).toEqual([]);
    expect(await sink.send(outboxMessages(1))).toEqual([]);
    expect((await readFile(path.join(folder, 'alerts.ndjson'), 'utf8')).split('\n')).toHaveLength(4);
  });

  it.each(['a pipe that nobody reads', 'a device'])('is not %s: the messages wait', async (kind) => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const sink = createFileSink({ name: 'log', path: kind === 'a device' ? '/dev/null' : pipe });
    expect(await sink.send(outboxMessages(2))).toMatchObject([{ refused: false }, { refused: false }]);
  });
});
