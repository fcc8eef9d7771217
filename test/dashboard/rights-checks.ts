import assert from 'node:assert/strict';

import type { Page } from 'playwright-core';

import { startTestApi } from '../support/api.ts';
import { open, visit, type Watched } from './browser.ts';
import type { Check, Stage } from './check.ts';
import { addresses } from './checks.ts';
import { startOtherSite } from './other-site.ts';
import { DETECTOR, EMPTY, ticketFor } from './seed.ts';

/** Notes every response of an error. */
function watchRefusals(page: Page): string[] {
  const found: string[] = [];
  page.on('response', (response) => {
    if (response.status() >= 400) found.push(`${response.request().method()} ${response.url()}: ${response.status()}`);
  });
  return found;
}

/** Presses every button of a page that can be pressed, and comes back after each. */
async function pressAll(watched: Watched, url: string, path: string): Promise<number> {
  const { page } = watched;
  await visit(watched, url, path);
  const buttons = page.locator('main button:not(:disabled)');
  const count = await buttons.count();
  for (let i = 0; i < count; i++) {
    const button = buttons.nth(i);
    if (!(await button.isVisible())) continue;
    await button.click();
    await page.waitForTimeout(20);
    await page.keyboard.press('Escape');
    if (page.url() !== `${url}/ui${path}`) await visit(watched, url, path);
  }
  return count;
}

/** Runs with a page of another site that attacks an address of the service. */
async function underAttack(
  { browser, url, database }: Stage,
  target: string,
  use: (page: Page, site: string) => Promise<void>,
): Promise<void> {
  const site = await startOtherSite(() => url + target);
  const { page, context } = await open(browser, url, await ticketFor(database.db, { scope: 'admin' }));
  try {
    await use(page, site.url);
  } finally {
    await context.close();
    await site.close();
  }
}

/** Checks of rights: of those who may only read, of other sites, and of those who try tokens. */
export const rightsChecks: readonly Check[] = [
  {
    name: 'without the scope operate, no button that can be pressed is refused',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'read' }));
      const refusals = watchRefusals(watched.page);
      let pressed = 0;
      for (const path of await addresses(stage)) pressed += await pressAll(watched, url, path);
      assert.ok(pressed > 20, `only ${pressed} buttons`);
      assert.deepEqual(refusals, []);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'with a token for some detectors, the pages of these are live, and others do not exist',
    run: async ({ browser, url, database }) => {
      const ticket = await ticketFor(database.db, { scope: 'read', detectors: [DETECTOR, EMPTY] });
      const watched = await open(browser, url, ticket);
      const { page } = watched;
      await visit(watched, url, '/');
      await page.locator('.live').getByText('Live', { exact: true }).waitFor();
      assert.equal(await page.locator('main [data-row]').count(), 2);
      const only = await open(browser, url, await ticketFor(database.db, { scope: 'read', detectors: [EMPTY] }));
      await only.page.goto(`${url}/ui/detectors/${DETECTOR}`);
      await only.page.locator('main [role=alert]').first().waitFor();
      assert.equal(await only.page.getByText('model 1').count(), 0);
      for (const { context } of [watched, only]) await context.close();
    },
  },
  {
    name: 'a page of another site changes nothing and reads nothing, whoever is signed in',
    run: async (stage) => {
      const [row] = await stage.database.query(
        `SELECT alert_id::text AS alert FROM flowline.alerts WHERE phase = 'open' AND acknowledged_at IS NULL LIMIT 1`,
      );
      const alert = `/v1/alerts/${String(row?.alert)}`;
      for (const target of [`${alert}/ack`, `${alert}/feedback`, '/ui/session']) {
        await underAttack(stage, target, async (page, site) => {
          for (const form of ['/form', '/text-form']) {
            const answered = page.waitForResponse((response) => response.url().endsWith(target));
            await page.goto(site + form);
            assert.ok((await answered).status() >= 400, `${form} of ${target}`);
          }
          await page.goto(`${site}/fetch`);
          await page.waitForFunction(() => document.title === 'done');
        });
      }
      await underAttack(stage, '/v1/detectors', async (page, site) => {
        await page.goto(`${site}/read`);
        await page.waitForFunction(() => document.title !== 'other');
        assert.equal(await page.title(), 'refused');
      });
      const [seen] = await stage.database.query(
        `SELECT acknowledged_at, (SELECT count(*)::integer FROM flowline.feedback f WHERE f.alert_id = a.alert_id) AS answers
         FROM flowline.alerts a WHERE alert_id = $1`,
        [row?.alert],
      );
      assert.deepEqual(seen, { acknowledged_at: null, answers: 0 });
    },
  },
  {
    name: 'no other site shows the pages in a frame',
    run: (stage) =>
      underAttack(stage, '/ui/', async (page, site) => {
        await page.goto(`${site}/frame`);
        const [, frame] = page.frames();
        assert.match(frame?.url() ?? '', /^chrome-error:/);
      }),
  },
  {
    name: 'who tries tokens is told to wait, and whoever is signed in goes on',
    run: async ({ browser, database }) => {
      const api = await startTestApi(database.db, { limits: { perToken: 10_000, perAddress: 30 } });
      const signedIn = await open(browser, api.url, await ticketFor(database.db, {}));
      const { page, context } = await open(browser, api.url, null);
      const wrong = { body: { token: `flowline_${'a'.repeat(43)}` }, headers: { 'x-flowline-page': '1' } };
      try {
        for (let attempt = 0; attempt < 30; attempt++) await api.call('POST /ui/session', wrong);
        await page.getByLabel('Token', { exact: true }).fill(wrong.body.token);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByText('More than 30 requests came within a minute.').waitFor();
        await signedIn.page.getByRole('link', { name: 'Alerts' }).first().click();
        await signedIn.page.locator('main [data-row]').first().waitFor();
      } finally {
        for (const each of [context, signedIn.context]) await each.close();
        await api.close();
      }
    },
  },
  {
    name: 'a token is in no address, whether it is typed or comes in a link, and in no storage',
    run: async ({ browser, url, database }) => {
      for (const isTyped of [true, false]) {
        const ticket = await ticketFor(database.db, {});
        const secret = ticket.replace('#ticket=', '');
        const { page, context } = await open(browser, url, null);
        const addressed: string[] = [];
        page.on('request', (request) => addressed.push(request.url(), JSON.stringify(request.headers())));
        if (isTyped) {
          await page.getByLabel('Token', { exact: true }).fill(secret);
          await page.keyboard.press('Enter');
        } else {
          await page.goto(`${url}/ui/alerts`);
          await page.goto(`${url}/ui/${ticket}`);
        }
        await page.getByRole('heading', { name: 'Overview' }).waitFor();
        await page.goto(`${url}/ui/alerts`);
        const kept = await page.evaluate<string>(
          `JSON.stringify([location.href, document.cookie, { ...localStorage }, { ...sessionStorage }, document.referrer])`,
        );
        assert.ok(addressed.length > 5);
        for (const text of [...addressed, kept]) assert.ok(!text.includes(secret), text);
        await context.close();
      }
    },
  },
];
