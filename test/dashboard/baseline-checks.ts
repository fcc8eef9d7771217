import type { Page } from 'playwright-core';

import { startTestApi } from '../support/api.ts';
import { conditional, NOW, seedBaselines } from './baseline-seed.ts';
import { compareWithBaseline, incomparable, keepBaseline, noteFonts, type View } from './baselines.ts';
import type { Check, Stage } from './check.ts';
import { ticketFor } from './seed.ts';

const SIZE = { width: 1_024, height: 720 };

type Take = (page: Page, view: View) => Promise<void>;

/** Opens each view with fixed data and a fixed clock, and has its picture taken. */
async function takeAll(
  { browser, postgres }: Stage,
  begin: (page: Page) => Promise<boolean>,
  take: Take,
): Promise<void> {
  const database = await postgres.createDatabase();
  await seedBaselines(database.db);
  const api = await startTestApi(database.db);
  const context = await browser.newContext({
    ...{ viewport: SIZE, colorScheme: 'light', reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en-US' },
    deviceScaleFactor: 1,
  });
  try {
    const page = await context.newPage();
    await page.clock.setFixedTime(NOW);
    await page.route('**/conditional', (route) => route.fulfill({ json: conditional }));
    await page.goto(`${api.url}/ui/`);
    await page.getByRole('heading', { name: 'Sign in with a token' }).waitFor();
    if (!(await begin(page))) return;
    await take(page, { name: 'sign-in' });
    await page.goto(`${api.url}/ui/alerts`);
    await page.goto(`${api.url}/ui/${await ticketFor(database.db, {})}`);
    await settled(page);
    const masked = [page.locator('[data-name="Events/s"]'), page.locator('time')];
    await take(page, { name: 'overview', masked });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: SIZE.height });
    await settled(page);
    await take(page, { name: 'overview-dark', masked });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(SIZE);
    const [row] = await database.query('SELECT max(anomaly_id)::text AS id FROM flowline.anomalies');
    await page.goto(`${api.url}/ui/anomalies/${String(row?.id)}`);
    await settled(page);
    await take(page, { name: 'anomaly', masked: [page.locator('time')] });
  } finally {
    await context.close();
    await api.close();
  }
}

async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  await page.locator('.live').getByText('Live', { exact: true }).waitFor();
  await page.waitForTimeout(300);
}

/** Takes the pictures of this machine for the baselines. */
export const updateBaselines = (stage: Stage): Promise<void> =>
  takeAll(
    stage,
    async (page) => {
      await noteFonts(page);
      return true;
    },
    keepBaseline,
  );

/** Checks of the looks of pages that seldom change. */
export const baselineChecks: readonly Check[] = [
  {
    name: 'sign-in, overview in both themes, and anomaly look as they did',
    run: (stage) =>
      takeAll(
        stage,
        async (page) => {
          const reason = await incomparable(page);
          if (reason !== null) process.stdout.write(`skipped the comparison: ${reason}\n`);
          return reason === null;
        },
        compareWithBaseline,
      ),
  },
];
