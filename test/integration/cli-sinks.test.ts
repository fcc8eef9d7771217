import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { alertMessageSchema } from '@flowline/alerts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startServer, type TestServer } from '../../libs/sinks/src/testing/http-server.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, testDefinition } from '../support/scorer-model.ts';
import { startCli } from '../support/scorer-process.ts';

const TIMEOUT_MS = 240_000;
const SECRET = 'do-not-tell';
const LINK_KEY = 'do-not-tell'.repeat(3);

let folder: string;
let postgres: TestPostgres;
let database: TestDatabase;
let server: TestServer;
let status = 200;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-sinks-'));
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  server = await startServer((_request, response) => response.writeHead(status).end('because'));
});
afterAll(async () => {
  await server.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command; resolves to its exit code and all that it printed. */
async function flowline(...args: readonly string[]): Promise<{ code: unknown; out: string; all: string }> {
  const cli = startCli(args, {
    ...{ FLOWLINE_DATABASE_URL: database.url, HOOK_SECRET: SECRET },
    ...{ FLOWLINE_PUBLIC_URL: 'https://flowline.example.org', FLOWLINE_LINK_KEY: LINK_KEY },
  });
  const code = await cli.ended;
  return { code, out: cli.stdout(), all: cli.stdout() + cli.stderr() };
}

describe('flowline sinks', () => {
  it(
    'applies, lists, shows, tests and removes sinks, and never prints a secret',
    async () => {
      const file = path.join(folder, 'sinks.yaml');
      const lines = path.join(folder, 'alerts.ndjson');
      await writeFile(
        file,
        `apiVersion: flowline/v1
kind: Sink
metadata: { name: oncall }
spec: { webhook: { url: "${server.url}", secret: env:HOOK_SECRET, allow: [127.0.0.1] } }
---
apiVersion: flowline/v1
kind: Sink
metadata: { name: lines }
spec: { file: { path: ${lines} } }
`,
      );
      const printed = [await flowline('apply', file), await flowline('sinks', 'ls')];
      expect(printed[1]?.out).toMatch(/lines .*\noncall /);
      const shown = await flowline('sinks', 'show', 'oncall');
      expect(shown.out).toContain('"url": "http://127.0.0.1:');
      expect(shown.out).toContain('env:HOOK_SECRET');

      const accepted = await flowline('sinks', 'test', 'oncall');
      expect(accepted).toMatchObject({ code: 0, out: expect.stringContaining('sink oncall has accepted') });
      const sent = alertMessageSchema.parse(JSON.parse(server.received[0]?.body ?? ''));
      expect(sent).toMatchObject({ detector: 'flowline-test', summary: expect.stringContaining('test message') });
      expect(sent.links?.page).toBe(`https://flowline.example.org/alerts/${sent.alertId}`);
      expect(sent.links?.feedback?.expected).toContain('?token=v1.');
      expect(await flowline('sinks', 'test', 'lines')).toMatchObject({ code: 0 });
      expect((await readFile(lines, 'utf8')).trimEnd().split('\n')).toHaveLength(1);

      status = 403;
      const refused = await flowline('sinks', 'test', 'oncall', '--json');
      expect(refused.code).toBe(3);
      expect(JSON.parse(refused.out)).toMatchObject({
        outcome: 'refused',
        error: 'sink oncall answered 403: because',
      });
      const rest = [await flowline('sinks', 'ls', '--json'), await flowline('sinks', 'rm', 'oncall')];
      const gone = await flowline('sinks', 'test', 'oncall');
      expect(gone).toMatchObject({ code: 1, all: expect.stringContaining('There is no sink oncall') });
      for (const { all } of [...printed, shown, accepted, refused, ...rest, gone]) {
        expect(all).not.toContain(SECRET);
        expect(all).not.toContain('token-1234');
      }
    },
    TIMEOUT_MS,
  );

  it(
    'are missed by `flowline status` where a detector names one that is not there',
    async () => {
      const definition = testDefinition('orders', 'orders');
      await applyTestDetector(database.db, {
        ...definition,
        alerts: { ...definition.alerts, sinks: ['kafka', 'lines', 'nobody'] },
      });
      const { code, out } = await flowline('status', 'orders');
      expect(code).toBe(0);
      expect(out).toContain('FLOWLINE_RESOURCE_MISSING: there is no sink nobody');
      expect(out).not.toContain('no sink lines');
    },
    TIMEOUT_MS,
  );
});
