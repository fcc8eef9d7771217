import assert from 'node:assert/strict';

import type { Page } from 'playwright-core';

import { startTestApi } from '../support/api.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { applyTestDetector, testDefinition } from '../support/scorer-model.ts';
import { open, visit } from './browser.ts';
import type { Check } from './check.ts';
import { DETECTOR, ticketFor } from './seed.ts';

const ALERTS = 10_000;
/** Maximum bytes of a response, and maximum rows of a page. */
const MOST_BYTES = 400_000;
const MOST_ROWS = 200;
const MOST_MS = 5_000;

/** Stores open alerts, each with the anomaly that it tells of. */
async function flood({ db, query }: TestDatabase): Promise<void> {
  await applyTestDetector(db, testDefinition(DETECTOR, 'orders'));
  await query(`INSERT INTO flowline.alerts (alert_id, fingerprint, is_latest, detector, topic, partition, kind, entity,
      feature, phase, severity, count, first_seen, last_seen, due_at, peak_bits, recent, told, messages, changed_at, peak)
    SELECT gen_random_uuid(), gen_random_uuid(), true, '${DETECTOR}', 'orders', 0, 'density', 'store-' || i % 300,
      'latency', 'open', (ARRAY['info', 'warning', 'major', 'critical'])[1 + i % 4], 1, at, at, timestamptz '9999-12-31',
      20, ARRAY[at], 'open', 1, at, jsonb_build_object('summary', 'latency 9120, expected 20 to 143', 'observed',
        jsonb_build_object('latency', 9120), 'contributions', (SELECT jsonb_agg(md5(i::text || j)) FROM generate_series(1, 30) j))
    FROM (SELECT i, timestamptz '2026-01-01' + i * interval '1 second' AS at FROM generate_series(1, ${ALERTS}) AS i) a`);
}

/** Notes the responses of the API that are too long. */
function watchBytes(page: Page): string[] {
  const long: string[] = [];
  page.on('response', (response) => {
    if (!response.url().includes('/v1/') || response.url().endsWith('/v1/stream')) return;
    void response.body().then(
      ({ length }) => length > MOST_BYTES && long.push(`${response.url()}: ${length} bytes`),
      () => undefined,
    );
  });
  return long;
}

/** Checks of the pages with very many alerts. */
export const floodChecks: readonly Check[] = [
  {
    name: `${ALERTS} open alerts: counted, listed page by page and back, acted upon in bulk, in bounded responses`,
    run: async ({ browser, postgres }) => {
      const database = await postgres.createDatabase();
      await flood(database);
      const api = await startTestApi(database.db);
      const watched = await open(browser, api.url, await ticketFor(database.db, { name: 'ann' }));
      try {
        const { page, complaints } = watched;
        const long = watchBytes(page);
        for (const path of ['/', '/alerts', `/detectors/${DETECTOR}`, '/alerts?severity=critical']) {
          const startedMs = performance.now();
          await visit(watched, api.url, path);
          assert.ok(performance.now() - startedMs < MOST_MS, `${path} took ${performance.now() - startedMs} ms`);
          assert.ok((await page.locator('main tbody tr').count()) <= MOST_ROWS, `${path} shows them all`);
        }
        await visit(watched, api.url, '/alerts');
        const rows = await page.locator('main tbody tr').count();
        await page
          .getByRole('checkbox', { name: /^Choose all/ })
          .first()
          .check();
        await page.getByRole('button', { name: 'Acknowledge', exact: true }).first().click();
        await page
          .locator('main tbody')
          .getByText('seen by ann')
          .nth(rows - 1)
          .waitFor();
        const acknowledged = async (): Promise<unknown> =>
          (
            await database.query('SELECT count(*)::integer AS n FROM flowline.alerts WHERE acknowledged_by = $1', [
              'ann',
            ])
          )[0]?.n;
        assert.equal(await acknowledged(), rows);
        await page.getByRole('button', { name: 'Next page' }).click();
        await page.waitForURL(/after=/);
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        assert.equal(await page.locator('main tbody').getByText('seen by ann').count(), 0, 'the page is the same');
        await page.goBack();
        await page.waitForURL((address) => !address.search.includes('after='));
        await page
          .locator('main tbody')
          .getByText('seen by ann')
          .nth(rows - 1)
          .waitFor();
        await page.goForward();
        await page.waitForURL(/after=/);
        await page.getByRole('button', { name: 'First page' }).click();
        await page
          .locator('main tbody')
          .getByText('seen by ann')
          .nth(rows - 1)
          .waitFor();
        assert.deepEqual([long, complaints], [[], []]);
      } finally {
        await watched.context.close();
        await api.close();
      }
    },
  },
];
