import assert from 'node:assert/strict';

import type { Page } from 'playwright-core';

import { open, visit } from './browser.ts';
import type { Check } from './check.ts';
import { addresses } from './checks.ts';
import { DETECTOR, ticketFor } from './seed.ts';

/** Place of the focus, as the page has it. */
interface Focus {
  /** Number of the element among those that can be reached; −1 for none of them. */
  readonly index: number;
  readonly name: string;
  readonly isVisible: boolean;
  readonly hasRing: boolean;
}

const MOST_STEPS = 400;

/** Script that numbers what a person can act upon, and returns how many that are. */
const number = `(() => {
  const selector = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea, summary, [tabindex="0"]';
  const all = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility() && one.closest('[inert]') === null);
  all.forEach((one, i) => { one.dataset.reach = String(i); });
  return all.length;
})()`;

const focus = `(() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const { top, left, bottom, right } = one.getBoundingClientRect();
  const isVisible = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth && bottom > top && right > left;
  const name = one.tagName + ' ' + (one.getAttribute('aria-label') ?? one.textContent ?? '').slice(0, 60);
  const hasRing = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  return { index: Number(one.dataset?.reach ?? -1), name, isVisible, hasRing };
})()`;

/** Walks through a page with the tab key, and returns what it never reached. */
async function unreached(page: Page, path: string): Promise<readonly number[]> {
  const count = await page.evaluate<number>(number);
  const reached = new Set<number>();
  // What is added meanwhile has no number; the walk ends where it began.
  for (let step = 0, away = 0; step < MOST_STEPS && reached.size < count && away < 3; step++) {
    await page.keyboard.press('Tab');
    const { index, name, isVisible, hasRing } = await page.evaluate<Focus>(focus);
    if (name.startsWith('BODY')) {
      away++;
      continue;
    }
    assert.ok(isVisible, `${path}: the focus is on ${name}, which is not in sight`);
    assert.ok(hasRing, `${path}: the focus on ${name} cannot be seen`);
    if (index >= 0) reached.add(index);
  }
  return Array.from({ length: count }, (_, i) => i).filter((i) => !reached.has(i));
}

/** Goes on with the tab key until a link to some page has the focus, and follows it. */
async function follow(page: Page, href: string, heading: string): Promise<void> {
  for (let step = 0; step < MOST_STEPS; step++) {
    const at = await page.evaluate<string | null>(`document.activeElement?.getAttribute('href') ?? null`);
    if (at === href) break;
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${href}`);
  await page.getByRole('heading', { name: heading, exact: true }).first().waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
}

/** Checks of the keyboard and of motion. */
export const keyboardChecks: readonly Check[] = [
  {
    name: 'by keyboard alone: everything of every page is reached, in sight, with a ring, and nothing traps the focus',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'admin' }));
      const { page } = watched;
      for (const path of await addresses(stage)) {
        await visit(watched, url, path);
        const missed = await unreached(page, path);
        const names = await page.evaluate<string[]>(
          `${JSON.stringify(missed)}.map((i) => document.querySelector('[data-reach="' + i + '"]')?.outerHTML.slice(0, 120))`,
        );
        assert.deepEqual(names, [], `${path}: not reached`);
      }
      await watched.context.close();
    },
  },
  {
    name: 'by keyboard alone: from the token through every page of a detector, and out',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, null);
      const ticket = await ticketFor(database.db, { scope: 'admin' });
      await page.getByLabel('Token', { exact: true }).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type(ticket.replace('#ticket=', ''));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await page.locator('main [data-row]').first().waitFor();
      await follow(page, `/ui/detectors/${DETECTOR}`, DETECTOR);
      for (const tab of ['models', 'entities', 'pipeline', 'what-if', 'definition'])
        await follow(page, `/ui/detectors/${DETECTOR}/${tab}`, DETECTOR);
      await follow(page, '/ui/alerts', 'Alerts');
      for (const key of ['j', 'Enter']) await page.keyboard.press(key);
      await page.getByRole('heading', { name: 'Alert', exact: true }).waitFor();
      await page.locator('[data-explain]').waitFor();
      await page.keyboard.press('e');
      await page.getByRole('heading', { name: 'Anomaly', exact: true }).waitFor();
      await context.close();
    },
  },
  {
    name: 'a search takes what is typed at once',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, await ticketFor(database.db, {}));
      await page.route('**/v1/detectors?*', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        await route.continue();
      });
      await page.keyboard.type(`/${DETECTOR}`);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: DETECTOR }).waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    },
  },
  {
    name: 'nothing moves by itself for those who want less motion',
    run: async ({ browser, url, database }) => {
      const { page, context } = await open(browser, url, await ticketFor(database.db, {}));
      await page.route('**/v1/overview*', () => undefined);
      const moving = async (reducedMotion: 'reduce' | 'no-preference'): Promise<number> => {
        await page.emulateMedia({ reducedMotion });
        await page.goto(`${url}/ui/`);
        await page.getByRole('status', { name: 'Loading' }).first().waitFor();
        return page.evaluate<number>('document.getAnimations().length');
      };
      assert.equal(await moving('reduce'), 0);
      assert.ok((await moving('no-preference')) > 0, 'the check sees no motion at all');
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    },
  },
];
