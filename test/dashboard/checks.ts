import assert from 'node:assert/strict';

import { commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';

import { scoredBatch } from '../support/postgres-batch.ts';
import { testDefinition } from '../support/scorer-model.ts';
import { chartChecks } from './chart-checks.ts';
import { findings, open, pixelsBeyond, visit, type Window } from './browser.ts';
import type { Check, Stage } from './check.ts';
import { operationChecks } from './checks-operations.ts';
import { DETECTOR, EMPTY, HOSTILE, LONG, ticketFor } from './seed.ts';

const tabs = ['', '/explorer', '/models', '/entities', '/pipeline', '/what-if', '/definition'];
const lists = ['/incidents?state=all', '/incidents?state=all&by=entity', '/rules', '/rules/new', '/calendars'];
const fixed = ['/', '/alerts', '/alerts?state=all', ...lists, ...tabs.map((tab) => `/detectors/${DETECTOR}${tab}`)];
const windows: readonly Window[] = (['light', 'dark'] as const).flatMap((theme) =>
  [390, 1_024, 1_600].map((width) => ({ theme, width })),
);

/** Addresses of an alert and an anomaly, beside those that are known. */
export async function addresses({ database }: Pick<Stage, 'database'>): Promise<string[]> {
  const [row] = await database.query(`SELECT alert_id::text AS alert, anomaly_id::text AS anomaly
    FROM flowline.anomalies JOIN flowline.alerts USING (alert_id) ORDER BY anomaly_id LIMIT 1`);
  return [...fixed, `/alerts/${String(row?.alert)}`, `/anomalies/${String(row?.anomaly)}`];
}

const everyPage: readonly Check[] = windows.map((window) => ({
  name: `every page at ${window.width} px, ${window.theme}: complete, nothing beyond the edge, no serious finding of axe`,
  run: async (stage) => {
    const { browser, url, database } = stage;
    const watched = await open(browser, url, await ticketFor(database.db, {}), window);
    for (const path of await addresses(stage)) {
      await visit(watched, url, path);
      assert.equal(await pixelsBeyond(watched), 0, `${path} is wider than its window`);
      assert.equal(await watched.page.locator('[role=alert]').count(), 0, `${path} shows a problem`);
      assert.deepEqual(await findings(watched), [], path);
    }
    assert.deepEqual(watched.complaints, []);
    await watched.context.close();
  },
}));

const others: readonly Check[] = [
  {
    name: 'a ticket signs in once, leaves the address, and a used one leads to the way in',
    run: async ({ browser, url, database }) => {
      const ticket = await ticketFor(database.db, {});
      const first = await open(browser, url, ticket);
      assert.equal(new URL(first.page.url()).hash, '');
      const cookies = await first.context.cookies();
      assert.deepEqual(
        cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite]),
        [[true, 'Strict']],
      );
      const second = await open(browser, url, null);
      await second.page.goto(`${url}/ui/${ticket}`);
      await second.page.getByRole('heading', { name: 'Sign in with a token' }).waitFor();
      await first.page.getByRole('button', { name: 'Sign out' }).click();
      await first.page.getByRole('heading', { name: 'Sign in with a token' }).waitFor();
      for (const { context } of [first, second]) await context.close();
    },
  },
  {
    name: 'a wrong token is refused in words, and a right one signs in',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, null);
      await page.getByLabel('Token', { exact: true }).fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('The token is unknown').waitFor();
      const ticket = await ticketFor(database.db, { scope: 'read' });
      await page.getByLabel('Token', { exact: true }).fill(ticket.replace('#ticket=', ''));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await context.close();
    },
  },
  {
    name: 'without the scope operate, nothing can be changed',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'read' }));
      for (const path of await addresses(stage)) {
        await visit(watched, url, path);
        for (const name of ['Acknowledge', 'Resolve', 'Promote …', 'Roll back …', 'Redrive', 'Request a training']) {
          assert.equal(await watched.page.getByRole('button', { name, exact: true }).count(), 0, `${name} on ${path}`);
        }
        for (const button of await watched.page.getByRole('group', { name: 'Answers' }).getByRole('button').all())
          assert.ok(await button.isDisabled(), path);
      }
      await watched.context.close();
    },
  },
  {
    name: 'text of events is text: no markup of theirs is built, and 250 characters have their place',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const watched = await open(browser, url, await ticketFor(database.db, {}), { theme: 'light', width: 390 });
      const rows = await database.query('SELECT anomaly_id::text AS id, event_id FROM flowline.anomalies');
      for (const text of [HOSTILE, LONG]) {
        const id = rows.find((row) => row.event_id === text)?.id;
        await visit(watched, url, `/anomalies/${String(id)}`);
        await watched.page.getByText(text, { exact: true }).first().waitFor();
        assert.equal(await pixelsBeyond(watched), 0);
      }
      await visit(watched, url, `/detectors/${DETECTOR}/pipeline`);
      await watched.page.locator('main details').first().click();
      assert.equal(await watched.page.evaluate(() => 'broken' in globalThis), false);
      assert.equal(await watched.page.locator('main img, main script').count(), 0);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'the keyboard reaches everything: help, search, rows, explanation, feedback',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, await ticketFor(database.db, {}));
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('/');
      await page.getByLabel('Name of a detector or a page').fill(DETECTOR.slice(0, 4));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: DETECTOR }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('a');
      await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor();
      await page.locator('[data-row]').first().waitFor();
      for (const key of ['j', 'j', 'k', 'Enter']) await page.keyboard.press(key);
      await page.locator('[data-explain]').waitFor();
      await page.keyboard.press('f');
      const isFeedback = await page.evaluate<boolean>(`document.activeElement?.hasAttribute('data-feedback')`);
      assert.ok(isFeedback, 'f does not lead to the feedback');
      await page.keyboard.press('e');
      await page.waitForURL(/\/anomalies\//);
      await context.close();
    },
  },
  {
    name: 'an answer is given, and shown with its name',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const { page, context } = await open(browser, url, await ticketFor(database.db, { name: 'ann' }));
      const path = (await addresses(stage)).at(-1) ?? '';
      await visit({ page }, url, path);
      await page.getByLabel('Note', { exact: true }).fill('seen before');
      await page.getByRole('button', { name: 'false alarm' }).click();
      await page.getByText('false alarm by ann').waitFor();
      const [stored] = await database.query(
        'SELECT verdict, note FROM flowline.feedback ORDER BY feedback_id DESC LIMIT 1',
      );
      assert.deepEqual(stored, { verdict: 'false_alarm', note: 'seen before' });
      await context.close();
    },
  },
  {
    name: 'news come by themselves',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, await ticketFor(database.db, {}));
      await visit({ page }, url, '/alerts?state=all');
      const before = await page.locator('tbody tr').count();
      const rules = alertRulesOf(testDefinition(DETECTOR, 'orders').alerts);
      await commitBatch(database.db, scoredBatch({ detector: DETECTOR, topic: 'news', size: 2, anomalies: [1] }), {
        ...{ alertTopic: 'alerts', alertRules: rules, oncePerEvent: false },
      });
      await page.locator('tbody tr').nth(before).waitFor({ timeout: 10_000 });
      await context.close();
    },
  },
  {
    name: 'an API that is slow, fails, and recovers is said to be so',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, await ticketFor(database.db, {}));
      await page.route('**/v1/overview*', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await route.continue();
      });
      await page.goto(`${url}/ui/`);
      await page.getByRole('status', { name: 'Loading' }).first().waitFor();
      await page.getByRole('link', { name: DETECTOR }).first().waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      // What is shown stays, with a note.
      await page.route('**/v1/overview*', (route) => route.abort());
      await page.getByText(/^Not renewed for/).waitFor({ timeout: 20_000 });
      assert.ok((await page.locator('tbody tr').count()) > 0, 'the rows went');
      // At first there is nothing to show.
      await page.goto(`${url}/ui/`);
      await page.getByText('The API does not answer.').waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('tbody tr').first().waitFor();
      await context.close();
    },
  },
  {
    name: 'a detector without events says what is missing',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      await visit(watched, url, `/detectors/${EMPTY}`);
      await watched.page.getByText('No event has been scored yet.').first().waitFor();
      await visit(watched, url, `/detectors/none-of-that-name`).catch(() => undefined);
      await watched.page.getByRole('alert').first().waitFor();
      await watched.context.close();
    },
  },
  {
    name: 'filters, ranges and rates are in the address, and a chart has its numbers',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await visit(watched, url, '/alerts');
      await page.getByRole('combobox', { name: 'Severity' }).selectOption('critical');
      await page.waitForURL(/severity=critical/);
      await page.reload();
      assert.equal(await page.getByRole('combobox', { name: 'Severity' }).inputValue(), 'critical');
      await visit(watched, url, `/detectors/${DETECTOR}?span=86400000`);
      await page.getByText('Numbers').first().click();
      const saving = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save as CSV' }).first().click();
      assert.match((await saving).suggestedFilename(), /\.csv$/);
      const box = await page.locator('.u-over').boundingBox();
      assert.ok(box !== null);
      await page.mouse.move(box.x + 0.3 * box.width, box.y + 50);
      await page.mouse.down();
      await page.mouse.move(box.x + 0.6 * box.width, box.y + 60, { steps: 5 });
      await page.mouse.up();
      await page.waitForURL(/from=.*to=/);
      await visit(watched, url, `/detectors/${DETECTOR}/what-if?perDay=5`);
      await page.getByText('5 false alarms a day').waitFor();
      await watched.context.close();
    },
  },
  {
    name: 'a definition is checked while it is written',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'admin' }));
      const { page } = watched;
      await visit(watched, url, `/detectors/${DETECTOR}/definition`);
      const editor = page.getByLabel('Detector file in YAML');
      const text = await editor.inputValue();
      await editor.fill(text.replace('alpha: 0.001', 'alpha: 7'));
      await page.locator('.note-bad').waitFor();
      assert.ok(await page.getByRole('button', { name: /^Apply as version/ }).isDisabled());
      await editor.fill(text.replace('alpha: 0.001', 'alpha: 0.002'));
      await page.getByText('spec.decision.control.alpha').waitFor();
      await page.getByRole('button', { name: 'Apply as version 2' }).click();
      await page.getByRole('region', { name: 'Its file' }).getByText('version 2', { exact: true }).waitFor();
      await watched.context.close();
    },
  },
];

/** Checks of the pages in a browser. */
export const checks: readonly Check[] = [...everyPage, ...others, ...operationChecks, ...chartChecks];
