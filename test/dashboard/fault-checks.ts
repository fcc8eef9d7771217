import assert from 'node:assert/strict';

import { commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';
import type { Browser, Page, Route } from 'playwright-core';

import { startTestApi } from '../support/api.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { testDefinition } from '../support/scorer-model.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { open, visit, type Watched } from './browser.ts';
import type { Check, Stage } from './check.ts';
import { addresses } from './checks.ts';
import { DETECTOR, ticketFor } from './seed.ts';

const API = '**/v1/**';
const html = {
  contentType: 'text/html',
  body: '<!doctype html><h1>Bad Gateway</h1><script>globalThis.broken=1</script>',
};
const problem = { type: 'about:blank', title: 'x', status: 500, code: 'FLOWLINE_UNEXPECTED', detail: 'It broke.' };

/** Responses of an API that fails, or of what stands in front of it. */
const failures: Readonly<Record<string, (route: Route) => Promise<void>>> = {
  'the API has a fault': (route) =>
    route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
  'a proxy answers 502 with HTML': (route) => route.fulfill({ status: 502, ...html }),
  'a proxy answers 200 with HTML': (route) => route.fulfill({ status: 200, ...html }),
  'the problem is no JSON': (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"detail":' }),
  'the connection is refused': (route) => route.abort('connectionrefused'),
};

const allPages: readonly Check[] = Object.entries(failures).map(([name, fail]) => ({
  name: `every page says in words that ${name}, and recovers by itself`,
  run: async (stage) => {
    const { browser, url, database } = stage;
    const watched = await open(browser, url, await ticketFor(database.db, {}));
    const { page, complaints } = watched;
    const said = page.locator('main [role=alert]');
    await page.route(API, fail);
    for (const path of await addresses(stage)) {
      await page.goto(`${url}/ui${path}`);
      await said.first().waitFor();
      assert.doesNotMatch(
        await page.locator('main').innerText(),
        /undefined|\[object|SyntaxError|Unexpected token/,
        path,
      );
      const ways = page.getByRole('navigation', { name: 'Pages', exact: true });
      assert.equal(await ways.count(), 1, `${path} has no way to the others`);
    }
    await page.unroute(API, fail);
    await said.first().waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => 'broken' in globalThis), false);
    // The browser's own word about a stream that is none.
    assert.deepEqual(
      complaints.filter((one) => !one.startsWith('console: EventSource')),
      [],
    );
    await watched.context.close();
  },
}));

/** API behind a proxy on loopback, which can cut connections and stay while the API restarts. */
interface Fronted {
  readonly url: string;
  readonly proxy: TcpProxy;
  /** Ends the API; until {@link start}, connections are refused. */
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function startFronted({ database: { db } }: Pick<Stage, 'database'>): Promise<Fronted> {
  let api = await startTestApi(db);
  const proxy = await TcpProxy.listen(() => Number(new URL(api.url).port));
  const stop = async (): Promise<void> => {
    proxy.set({ kind: 'refuse' });
    proxy.cut();
    await api.close();
  };
  return {
    ...{ proxy, stop, url: `http://127.0.0.1:${proxy.port}` },
    start: async () => {
      api = await startTestApi(db);
      proxy.set({ kind: 'pass' });
    },
    close: async () => {
      await stop();
      await proxy.close();
    },
  };
}

/** Runs with a page that is signed in behind a proxy. */
async function withFronted(
  stage: Stage,
  use: (fronted: Fronted, watched: Watched, browser: Browser) => Promise<void>,
): Promise<void> {
  const fronted = await startFronted(stage);
  const watched = await open(stage.browser, fronted.url, await ticketFor(stage.database.db, {}));
  try {
    await use(fronted, watched, stage.browser);
    assert.deepEqual(watched.complaints, []);
  } finally {
    await watched.context.close();
    await fronted.close();
  }
}

/** State of the live stream as the page shows it. */
const live = (page: Page) => page.locator('.live');

const connections: readonly Check[] = [
  {
    name: 'a connection that breaks off within a response is said to, and what was shown stays',
    run: (stage) =>
      withFronted(stage, async ({ url, proxy }, watched) => {
        const { page } = watched;
        await visit(watched, url, '/');
        proxy.set({ kind: 'truncate', bytes: 1_500 });
        proxy.cut();
        await page
          .getByText(/^Not renewed for/)
          .first()
          .waitFor();
        assert.ok((await page.locator('tbody tr').count()) > 0, 'the rows went');
        proxy.set({ kind: 'pass' });
        await page
          .getByText(/^Not renewed for/)
          .first()
          .waitFor({ state: 'detached', timeout: 40_000 });
        await live(page).getByText('Live', { exact: true }).waitFor();
      }),
  },
  {
    name: 'an API that restarts: the page says so, reconnects, keeps its session, and shows what came meanwhile',
    run: (stage) =>
      withFronted(stage, async ({ url, stop, start }, watched) => {
        const { page } = watched;
        await visit(watched, url, '/alerts?state=all');
        await live(page).getByText('Live', { exact: true }).waitFor();
        const before = await page.locator('tbody tr').count();
        await stop();
        await live(page).getByText('Reconnecting …').waitFor();
        const rules = alertRulesOf(testDefinition(DETECTOR, 'orders').alerts);
        const topic = `meanwhile-${Date.now()}`;
        await commitBatch(stage.database.db, scoredBatch({ detector: DETECTOR, topic, size: 2, anomalies: [1] }), {
          ...{ alertTopic: 'alerts', alertRules: rules, oncePerEvent: false },
        });
        await start();
        await live(page).getByText('Live', { exact: true }).waitFor();
        await page.locator('tbody tr').nth(before).waitFor();
      }),
  },
  {
    name: 'an API that is away when the page is opened is waited for, with the session that there is',
    run: (stage) =>
      withFronted(stage, async ({ url }, watched) => {
        const { page } = watched;
        await visit(watched, url, '/');
        const fail = (route: Route): Promise<void> => route.fulfill({ status: 502, ...html });
        await page.route('**/ui/session', fail);
        await page.goto(`${url}/ui/alerts`);
        await page.getByRole('alert').waitFor();
        assert.equal(await page.getByLabel('Token', { exact: true }).count(), 0, 'it asks for a token');
        await page.unroute('**/ui/session', fail);
        await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor();
      }),
  },
  {
    name: 'a sign-in while the API is away says so, and a ticket is kept until it answers',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const { page, context } = await open(browser, url, null);
      await page.route('**/ui/session', (route) => route.abort());
      await page.getByLabel('Token', { exact: true }).fill('any');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('The API does not answer.').waitFor();
      await page.goto(`${url}/ui/404`);
      await page.goto(`${url}/ui/${await ticketFor(database.db, {})}`);
      await page.getByText('The API does not answer.').waitFor();
      assert.equal(new URL(page.url()).hash, '');
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await context.close();
    },
  },
  {
    name: 'a session that ends asks to sign in again, on every page, and then shows that page',
    run: (stage) =>
      withFronted(stage, async ({ url, stop, start }, watched) => {
        const { page } = watched;
        await visit(watched, url, '/alerts?state=all');
        await stop();
        await stage.database.query('DELETE FROM flowline.api_sessions');
        await start();
        await page.getByText('The session has ended.').waitFor();
        const ticket = await ticketFor(stage.database.db, {});
        await page.getByLabel('Token', { exact: true }).fill(ticket.replace('#ticket=', ''));
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor();
        assert.equal(new URL(page.url()).search, '?state=all');
        // Where nothing is renewed by itself, the stream notices.
        await live(page).getByText('Live', { exact: true }).waitFor();
      }),
  },
  {
    name: 'a drag over the timeline goes on while the page renews itself',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await visit(watched, url, `/detectors/${DETECTOR}`);
      const box = await page.locator('.u-over').boundingBox();
      assert.ok(box !== null);
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + 0.3 * box.width, y);
      await page.mouse.down();
      await page.mouse.move(box.x + 0.4 * box.width, y, { steps: 3 });
      await page.waitForResponse('**/timeline/anomalies?*');
      await page.waitForTimeout(200);
      await page.mouse.move(box.x + 0.6 * box.width, y, { steps: 3 });
      await page.mouse.up();
      await page.waitForURL(/from=.*to=/);
      const { searchParams } = new URL(page.url());
      const [from, to] = ['from', 'to'].map((name) => new Date(searchParams.get(name) ?? '').getTime());
      const [stored] = await database.query(
        `SELECT 1000 * extract(epoch FROM max(starts_at) - min(starts_at))::float8 AS ms
         FROM flowline.score_summaries JOIN flowline.score_sources USING (source_id) WHERE detector = $1`,
        [DETECTOR],
      );
      const share = (Number(to) - Number(from)) / Number(stored?.ms);
      assert.ok(Math.abs(share - 0.3) < 0.03, `it zooms to ${share} of the range`);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'a page that fails says so, and the way to the others stays',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, await ticketFor(database.db, {}));
      // A response of another version: nothing that the page expects is in it.
      await page.route('**/v1/overview*', (route) => route.fulfill({ json: { items: [{}], next: null } }));
      await page.goto(`${url}/ui/`);
      await page.locator('main [role=alert]').waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await page.getByRole('link', { name: 'Alerts' }).first().click();
      await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor();
      await page.evaluate(
        `history.pushState(null, '', '/ui/detectors/%E0%A4%A'); dispatchEvent(new PopStateEvent('popstate'))`,
      );
      await page.getByText('There is no such page.').waitFor();
      await context.close();
    },
  },
];

/** Checks of the pages while the API fails, breaks off, restarts, or ends their session. */
export const faultChecks: readonly Check[] = [...allPages, ...connections];
