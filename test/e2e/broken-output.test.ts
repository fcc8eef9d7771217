import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../support/scorer-model.ts';

const bin = fileURLToPath(new URL('../../services/cli/bin/flowline.mjs', import.meta.url));
const ODD_EVENTS = 300;

describe('output that is cut off', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-output-'));
  const lines = (events: readonly unknown[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

  beforeAll(async () => {
    postgres = await startPostgres();
    database = await postgres.createDatabase();
    await applyTestDetector(database.db, testDefinition('checkout', 'orders'));
    writeFileSync(path.join(folder, 'many.ndjson'), lines(testEvents(20_000, 7)));
    writeFileSync(
      path.join(folder, 'odd.ndjson'),
      lines(Array.from({ length: ODD_EVENTS }, (_, i) => oddEvent(`odd-${i}`))),
    );
  }, 120_000);
  afterAll(async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });

  /**
   * Runs a line of shell in which `flowline` is the command. `codes` are the exit codes of its
   * pipeline.
   */
  async function shell(line: string): Promise<{ stdout: string; stderr: string; codes: string }> {
    const script = `flowline() { "$NODE" "$BIN" "$@"; }\n${line}\necho "codes \${PIPESTATUS[*]}"`;
    const env = {
      ...process.env,
      ...{ NODE: process.execPath, BIN: bin, FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'warn' },
    };
    return new Promise((resolve, reject) => {
      execFile('bash', ['-c', script], { cwd: folder, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
        const at = stdout.lastIndexOf('codes ');
        if (error !== null || at < 0) reject(error ?? new Error(stderr));
        else resolve({ stdout: stdout.slice(0, at), stderr, codes: stdout.slice(at).trimEnd() });
      });
    });
  }

  it('by head: ends quietly, as other tools do', async () => {
    for (const command of ['schema --json | true', 'score many.ndjson --detector checkout | head -1']) {
      expect(await shell(`flowline ${command}`)).toMatchObject({ codes: 'codes 141 0', stderr: '' });
    }
    // The reader took all of the output.
    expect(await shell('flowline models ls | cat')).toMatchObject({ codes: 'codes 0 0', stderr: '' });
  }, 120_000);

  it('by a full disk: one line says so, and the exit code is 1', async () => {
    for (const command of ['schema', 'models ls --json', 'score many.ndjson --detector checkout', '--help', '-V']) {
      const { codes, stderr } = await shell(`flowline ${command} > /dev/full`);
      expect({ command, codes }).toEqual({ command, codes: 'codes 1' });
      expect(stderr).toMatch(/^error FLOWLINE_OUTPUT_FAILED: .*no space (is )?left on (the )?device.*\n$/);
    }
    const { codes } = await shell('flowline models show nobody 2> /dev/full');
    expect(codes).toBe('codes 1');
  }, 120_000);

  it('leaves alerts that nobody took for the next run, and none is lost', async () => {
    const serve = 'flowline serve scorer -- --detector checkout --source ndjson:odd.ndjson --alerts stdout';
    const ids = (stdout: string): string[] =>
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { readonly event: { readonly id: string } }).event.id);
    const first = await shell(`${serve} | head -1`);
    expect(first).toMatchObject({ codes: 'codes 141 0', stderr: expect.not.stringContaining('EPIPE') });
    const [waiting] = await database.query(
      'SELECT count(*)::integer AS n FROM flowline.alert_outbox WHERE sent_at IS NULL',
    );
    expect(waiting?.n).toBeGreaterThan(0);
    const second = await shell(serve);
    expect(second.codes).toBe('codes 0');
    expect(new Set([...ids(first.stdout), ...ids(second.stdout)]).size).toBe(ODD_EVENTS);
    expect(await database.query('SELECT 1 FROM flowline.alert_outbox WHERE sent_at IS NULL')).toEqual([]);
  }, 120_000);
});
