import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startCli } from '../support/scorer-process.ts';

const TIMEOUT_MS = 580_000;
const ROWS = 5_000_000;
/** Heap that the command may use, and memory of its process as a whole. */
const [HEAP_MB, PROCESS_MB] = [320, 700];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-long-file-'));
  await writeLongFile(path.join(folder, 'long.csv'));
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes 5,000,000 rows, a second apart: two numbers that depend on each other, and a level. */
async function writeLongFile(file: string): Promise<void> {
  const stream = createWriteStream(file);
  stream.write('ts,amount,fee,method\n');
  let state = 7;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const start = Date.UTC(2026, 3, 1);
  for (let row = 0; row < ROWS;) {
    let text = '';
    for (const end = row + 20_000; row < end; row++) {
      const amount = 20 + 10 * (uniform() + uniform());
      text += `${start + 1000 * row},${amount.toFixed(2)},${(amount / 10 + uniform()).toFixed(2)},${row % 3 === 0 ? 'cash' : 'card'}\n`;
    }
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}

describe('flowline fit of a long file', () => {
  it(
    'trains on rows spread over 5,000,000 in bounded memory',
    async () => {
      const report = 'process.on("exit",()=>process.stderr.write(`peak ${process.resourceUsage().maxRSS}\\n`))';
      const options = `--max-old-space-size=${HEAP_MB} --import data:text/javascript,${encodeURIComponent(report)}`;
      const env = { FLOWLINE_DATABASE_URL: '', FLOWLINE_KAFKA_BROKERS: '', NODE_OPTIONS: options };
      const cli = startCli(['fit', 'long.csv', '--json'], env, { cwd: folder });
      expect({ code: await cli.ended, stderr: cli.stderr().slice(-400) }).toMatchObject({ code: 0 });
      const result = JSON.parse(cli.stdout()) as { rowsRead: number; rows: { train: number } };
      expect(result.rowsRead).toBe(ROWS);
      expect(result.rows.train).toBeGreaterThan(100_000);
      const [, kilobytes = ''] = /^peak (\d+)$/m.exec(cli.stderr()) ?? [];
      expect(Number(kilobytes) / 1024).toBeLessThan(PROCESS_MB);
    },
    TIMEOUT_MS,
  );
});
