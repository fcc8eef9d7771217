import { routes, type Route } from '@flowline/api';
import { applyDetector } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi } from '../support/api.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await applyDetector(database.db, testDefinition('ours', 'orders'));
  await applyDetector(database.db, testDefinition('theirs', 'orders'));
  api = await startTestApi(database.db);
  for (const scope of ['read', 'operate', 'admin'] as const) {
    tokens[scope] = await api.token({ name: scope, scope });
    tokens[`${scope} of theirs`] = await api.token({ name: `${scope} of theirs`, scope, detectors: ['theirs'] });
  }
});
afterAll(async () => {
  await api.close();
  await postgres.stop();
});

/** Path of a route for the detector `ours` and ids that do not exist. */
const pathOf = ({ path }: Route): string =>
  path
    .replace('{detector}', 'ours')
    .replace('{alertId}', '00000000-0000-4000-8000-000000000000')
    .replace(/\{\w+\}/g, '999999');
const of = (route: Route): string => `${route.method} ${pathOf(route)}`;
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const endless = '/v1/stream';

const guarded = routes.filter(({ scope }) => scope !== null);
const [lesser, order] = [
  { read: null, operate: 'read', admin: 'operate' } as const,
  ['read', 'operate', 'admin'] as const,
];

describe.each(guarded.map((route) => [nameOf(route), route] as const))('%s', (_name, route) => {
  it('refuses who has no token, or one that is unknown', async () => {
    for (const request of [{}, { token: 'x' }, { token: `flowline_${'a'.repeat(43)}` }]) {
      const { status, body, headers } = await api.call(of(route), request);
      expect([status, body.code]).toEqual([401, 'FLOWLINE_UNAUTHENTICATED']);
      expect(headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('refuses a lesser scope', async () => {
    const scope = lesser[route.scope ?? 'read'];
    const { status, body } =
      scope === null ? await api.call(of(route)) : await api.call(of(route), { token: tokens[scope] });
    expect([status, body.code]).toEqual(
      scope === null ? [401, 'FLOWLINE_UNAUTHENTICATED'] : [403, 'FLOWLINE_FORBIDDEN'],
    );
  });

  it('shows nothing of another detector', async () => {
    const token = tokens[`${route.scope ?? ''} of theirs`];
    const query = route.detector === 'list' ? '?detector=ours' : '';
    if (route.detector === 'none') return;
    const { status } = await api.call(`${of(route)}${query}`, { token });
    expect(status).toBe(route.detector === 'resource' ? (route.body === null ? 404 : 400) : 403);
  });

  it('takes the scope and every greater one', async () => {
    if (route.path === endless) return;
    for (const scope of order.slice(order.indexOf(route.scope ?? 'read'))) {
      const { status } = await api.call(of(route), { token: tokens[scope] });
      expect([401, 403, 405, 500]).not.toContain(status);
    }
  });
});

describe('routes without a scope', () => {
  it.each(routes.filter(({ scope }) => scope === null).map((route) => [nameOf(route), route] as const))(
    '%s takes no token',
    async (_name, route) => {
      expect((await api.call(of(route))).status).toBe(200);
      expect((await api.call(of(route), { token: 'wrong' })).status).toBe(401);
    },
  );

  it('tell details only with a token', async () => {
    expect(Object.keys((await api.call('GET /readyz')).body)).toEqual(['ok']);
    expect((await api.call('GET /readyz', { token: tokens.read })).body).toMatchObject({
      parts: { database: { ready: true } },
    });
  });
});

describe('tokens', () => {
  it('are refused once they are revoked, or have expired', async () => {
    const created = await api.call('POST /v1/tokens', { token: tokens.admin, body: { name: 'brief', scope: 'read' } });
    const {
      text: token,
      token: { tokenId },
    } = created.body as { text: string; token: { tokenId: number } };
    expect((await api.call('GET /v1/detectors', { token })).status).toBe(200);
    expect((await api.call(`DELETE /v1/tokens/${tokenId}`, { token: tokens.admin })).status).toBe(200);
    expect((await api.call('GET /v1/detectors', { token })).status).toBe(401);
    const old = await api.token({ expiresAt: new Date(Date.now() - 1) });
    expect((await api.call('GET /v1/detectors', { token: old })).status).toBe(401);
  });

  it('are stored as hashes', async () => {
    const token = await api.token();
    const rows = await database.query('SELECT row_to_json(t)::text AS row FROM flowline.api_tokens t');
    expect(JSON.stringify(rows)).not.toContain(token.slice('flowline_'.length));
  });

  it('need a scope', async () => {
    const { status, body } = await api.call('POST /v1/tokens', { token: tokens.admin, body: { name: 'none' } });
    expect([status, body.code]).toEqual([400, 'FLOWLINE_REQUEST_INVALID']);
  });

  it('list their own detectors', async () => {
    const { body } = await api.call('GET /v1/detectors', { token: tokens['read of theirs'] });
    expect(body).toMatchObject({ items: [{ name: 'theirs' }], next: null });
  });
});

describe('the audit log', () => {
  it('has what was done and what was refused, with the name of the token', async () => {
    await api.call('POST /v1/detectors/ours/pause', { token: tokens.operate });
    await api.call('POST /v1/detectors/ours/pause', { token: tokens['operate of theirs'] });
    const { body } = await api.call('GET /v1/audit?limit=2', { token: tokens.admin });
    const action = 'POST /v1/detectors/{detector}/pause';
    expect(body.items).toMatchObject([
      { actor: 'operate of theirs', action, detector: 'ours', outcome: 403 },
      { actor: 'operate', action, target: '/v1/detectors/ours/pause', detector: 'ours', outcome: 200 },
    ]);
  });
});
