import { migrate } from '@flowline/db';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { freePort, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type ServiceProcess, startApiService, startCli } from '../support/scorer-process.ts';
import { until } from '../support/until.ts';

let postgres: TestPostgres;
let database: TestDatabase;
const running: ServiceProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
});
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => postgres.stop());

/** Runs a command of the command line; resolves to what it printed. */
async function flowline(
  ...args: string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  const cli = startCli(args, { FLOWLINE_DATABASE_URL: database.url });
  running.push(cli);
  return { code: await cli.ended, out: cli.stdout().trim(), err: cli.stderr() };
}

describe('the service', () => {
  it('serves as a member of flowline_api alone, and ends with a signal', async () => {
    const user = `serving_${process.pid}`;
    await migrate(database.db);
    await database.query(`DROP ROLE IF EXISTS ${user}`);
    await database.query(`CREATE ROLE ${user} LOGIN NOSUPERUSER PASSWORD 'p' IN ROLE flowline_api`);
    const url = Object.assign(new URL(database.url), { username: user, password: 'p' });
    const port = await freePort();
    const service = startApiService(['--port', String(port)], { FLOWLINE_DATABASE_URL: url.href });
    running.push(service);
    const address = `http://127.0.0.1:${port}`;
    await until('the API is ready', async () => (await fetch(`${address}/readyz`).catch(() => null))?.status === 200, {
      detail: service.stderr,
    });
    const created = await flowline('tokens', 'create', 'deploy', '--scope', 'admin');
    expect([created.code, created.out]).toEqual([0, expect.stringMatching(/^flowline_[\w-]{43}$/)]);
    const headers = { authorization: `Bearer ${created.out}`, 'idempotency-key': 'x' };
    const sent = await fetch(`${address}/v1/detectors/none/pause`, { method: 'POST', headers });
    expect(sent.status).toBe(404);
    const listed = await fetch(`${address}/v1/tokens`, { headers });
    expect(await listed.json()).toMatchObject({
      items: [{ name: 'deploy', scope: 'admin', lastUsedAt: expect.any(String) }],
    });
    const stream = await fetch(`${address}/v1/stream`, { headers });
    expect(stream.status).toBe(200);
    service.child.kill('SIGTERM');
    expect([await service.ended, service.stderr()]).toEqual([0, expect.any(String)]);
    await expect(stream.text()).resolves.toContain('retry');
  });

  it('says what is wrong with its command line', async () => {
    const service = startApiService(['--port', 'http', '--json'], {});
    running.push(service);
    expect(await service.ended).toBe(2);
    expect(JSON.parse(service.stdout())).toMatchObject({ error: { code: 'FLOWLINE_USAGE' } });
  });
});

describe('flowline tokens', () => {
  it('creates, lists and revokes', async () => {
    expect((await flowline('tokens', 'create', 'a')).code).toBe(2);
    const lacking = await flowline('tokens', 'create', 'a', '--scope', 'write', '--json');
    expect(JSON.parse(lacking.out)).toMatchObject({ error: { code: 'FLOWLINE_USAGE', where: '--scope' } });
    const made = JSON.parse(
      (await flowline('tokens', 'create', 'a', '--scope', 'read', '--expires', '30d', '--json')).out,
    ) as {
      token: { tokenId: number };
    };
    expect((await flowline('tokens', 'revoke', String(made.token.tokenId))).out).toContain('is revoked');
    expect((await flowline('tokens', 'ls')).out).toMatch(/a +read +all .* revoked/);
    expect((await flowline('tokens', 'revoke', '999')).err).toContain('FLOWLINE_NOT_FOUND');
  });
});
