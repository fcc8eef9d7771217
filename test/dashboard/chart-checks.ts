import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import type { Page } from 'playwright-core';

import { findings, open, visit } from './browser.ts';
import type { Check, Stage } from './check.ts';
import { DETECTOR, ticketFor } from './seed.ts';

const scores = `/detectors/${DETECTOR}`;
const FEATURES = ['amount', 'latency'];

/** Names of charts that have no numbers beside them. */
const withoutNumbers = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('main [role=img]')]
      .filter((chart) => chart.closest('figure.figure')?.querySelector('details.chart-numbers') == null)
      .map((chart) => chart.getAttribute('aria-label') ?? 'a chart without a name'),
  );

async function anAnomaly({ database }: Stage): Promise<string> {
  const [row] = await database.query(
    `SELECT anomaly_id::text AS id FROM flowline.anomalies ORDER BY anomaly_id LIMIT 1`,
  );
  return `/anomalies/${String(row?.id)}`;
}

/** Opens the numbers of a chart, and resolves to the rows of its table and of its file. */
async function numbersOf(page: Page, name: string): Promise<{ readonly shown: number; readonly lines: string[] }> {
  const summary = page.locator('summary', { hasText: `Numbers of ${name}` });
  await summary.focus();
  await page.keyboard.press('Enter');
  const opened = page.locator('details', { has: summary });
  const saving = page.waitForEvent('download');
  await opened.getByRole('button', { name: 'Save as CSV' }).click();
  const text = await readFile(await (await saving).path(), 'utf8');
  return { shown: await opened.locator('tbody tr').count(), lines: text.trimEnd().split('\r\n') };
}

/** Checks of charts and their numbers in a browser. */
export const chartChecks: readonly Check[] = [
  {
    name: 'every chart has its numbers, by keyboard, as a table and as CSV',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      for (const path of ['/', scores, await anAnomaly(stage)]) {
        await visit(watched, url, path);
        await watched.page.locator('main [role=img]').first().waitFor();
        assert.deepEqual(await withoutNumbers(watched.page), [], path);
      }
      await visit(watched, url, scores);
      const { shown, lines } = await numbersOf(watched.page, `${DETECTOR} features`);
      assert.equal(lines.at(0)?.split(',').slice(0, 4).join(), 'feature,start (UTC),events,missing');
      assert.ok(shown > 2 && lines.length === shown + 1, `${shown} rows are shown, ${lines.length} lines saved`);
      for (const feature of FEATURES)
        assert.ok(
          lines.some((line) => line.startsWith(`${feature},2026-01-01T`)),
          feature,
        );
      assert.deepEqual(await findings(watched), []);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'features are shown over the chosen range, beside what the model expects, and p-values as a QQ plot',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await visit(watched, url, scores);
      for (const feature of FEATURES) {
        const chart = page.getByRole('region', { name: feature, exact: true });
        await chart.getByText(/^[\d.]+ % outside/).waitFor();
        assert.equal(await chart.locator('.chart-edge').count(), 2, `${feature} has no expected band`);
      }
      await page.getByRole('img', { name: /^Observed against expected p-values of/ }).waitFor();
      const asked = page.waitForRequest((request) => /feature-timelines\?.*from=/.test(request.url()));
      await page.getByRole('button', { name: '1 h', exact: true }).click();
      await asked;
      await page.getByText(/a sample of [\d,]+ events, spread evenly/).waitFor();
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'features that cannot be read say so, beside the scores that can, and come once they can',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await page.route('**/feature-timelines*', (route) => route.abort());
      await page.goto(`${url}/ui${scores}`);
      const card = page.getByRole('region', { name: 'Features over time' });
      await card.getByRole('alert').waitFor();
      await page.getByRole('region', { name: 'Surprise over time, bits' }).getByRole('img').waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      // The page tries again by itself, too.
      await card
        .getByRole('button', { name: 'Try again' })
        .click({ timeout: 1_000 })
        .catch(() => undefined);
      await card.getByRole('region', { name: 'latency', exact: true }).waitFor();
      await watched.context.close();
    },
  },
  {
    name: 'the score timeline asks for what it draws, and for the reason of an anomaly that is pointed at',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      const answered = page.waitForResponse(/timeline\/anomalies\?/);
      await visit(watched, url, scores);
      const { points } = (await (await answered).json()) as { readonly points: readonly object[] };
      assert.ok(points.length >= 3, 'the odd events are no points');
      for (const point of points)
        assert.deepEqual(Object.keys(point).sort(), ['anomalyId', 'eventTime', 'surpriseBits']);
      assert.deepEqual(
        asked.filter((address) => /\/v1\/anomalies\?.*order=surprise/.test(address)),
        [],
        'whole anomalies are asked for',
      );
      assert.deepEqual(
        asked.filter((address) => /\/v1\/anomalies\/\d/.test(address)),
        [],
        'before it is pointed at',
      );
      const over = page.locator('.plot .u-over').first();
      const box = await over.boundingBox();
      assert.ok(box !== null);
      const title = (): Promise<string | null> => over.getAttribute('title');
      // The odd events lie at one edge of the chart, at its top.
      for (let y = 2; y < box.height && !(await title()); y += 6)
        for (let x = 2; x < box.width && !(await title()); x += 6) await page.mouse.move(box.x + x, box.y + y);
      assert.match((await title()) ?? '', /^[\d.]+ bits/);
      await page.locator('.plot .u-over[title*=" bits: "][title*=" expected "]').first().waitFor();
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'an anomaly shows what else happened then, and what is alike',
    run: async (stage) => {
      const { browser, url, database } = stage;
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await visit(watched, url, await anAnomaly(stage));
      const then = page.getByRole('region', { name: 'What else happened then' });
      await then.getByRole('img', { name: /^Surprise of [\d,]+ events around the anomaly$/ }).waitFor();
      // The others are a minute later each.
      const other = then.locator('[data-row]').first();
      await other.waitFor();
      await page.getByRole('region', { name: /^Past alike/ }).waitFor();
      const before = page.url();
      await other.click();
      await page.waitForURL((to) => to.href !== before && to.pathname.includes('/anomalies/'));
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
];
