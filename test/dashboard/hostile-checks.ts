import assert from 'node:assert/strict';

import type { Page } from 'playwright-core';

import { open, elementsBeyond, pixelsBeyond, visit, type Window } from './browser.ts';
import type { Check, Stage } from './check.ts';
import { hostile, HOSTILE_DETECTOR, seedHostile } from './hostile-seed.ts';
import { ticketFor } from './seed.ts';

/** Texts that a page must show as they are, by the end of its address. */
const shown: Readonly<Record<string, readonly string[]>> = {
  '/models': [hostile.trainingError, hostile.person],
  '/entities': [hostile.entity, hostile.longEntity],
  '/pipeline': [hostile.sinkError],
  alert: [hostile.entity, hostile.feature, hostile.person],
  anomaly: [hostile.entity, hostile.feature, hostile.longFeature],
};

interface Visited {
  readonly path: string;
  readonly texts: readonly string[];
}

async function visited({ database }: Stage): Promise<readonly Visited[]> {
  const rows = await database.query(
    `SELECT anomaly_id::text AS anomaly, alert_id::text AS alert, alert #>> '{event,entity}' AS entity
     FROM flowline.anomalies WHERE detector = $1 ORDER BY anomaly_id`,
    [HOSTILE_DETECTOR],
  );
  const tabs = ['', '/models', '/entities', '/pipeline', '/what-if', '/definition'];
  const first = rows.find(({ entity }) => entity === hostile.entity);
  return [
    ...tabs.map((tab) => ({ path: `/detectors/${HOSTILE_DETECTOR}${tab}`, texts: shown[tab] ?? [] })),
    { path: `/alerts?state=all&detector=${HOSTILE_DETECTOR}`, texts: [] },
    { path: `/alerts?entity=${encodeURIComponent(hostile.entity)}`, texts: [] },
    { path: `/alerts/${String(first?.alert)}`, texts: shown.alert ?? [] },
    { path: `/anomalies/${String(first?.anomaly)}`, texts: shown.anomaly ?? [] },
    { path: '/', texts: [] },
  ];
}

/** Opens whatever a page hides. */
const unfold = (page: Page): Promise<unknown> =>
  page.evaluate(`document.querySelectorAll('main details').forEach((one) => { one.open = true; })`);

/** Elements within a page that no page of ours has. */
const foreign = (page: Page): Promise<number> =>
  page
    .locator('main :is(img, script, iframe, object, embed, link, style, base), main [onerror], main [onload]')
    .count();

const windows: readonly Window[] = [
  { theme: 'light', width: 390 },
  { theme: 'dark', width: 1_600 },
];

/** Checks of hostile text: every place that holds text of others, on every page. */
export const hostileChecks: readonly Check[] = [
  {
    name: 'hostile text is text on every page: features, levels, entities, records, people, sinks, trainers, addresses',
    run: async (stage) => {
      const { browser, url, database } = stage;
      await seedHostile(database);
      for (const window of windows) {
        const watched = await open(browser, url, await ticketFor(database.db, { name: hostile.person }), window);
        const { page, complaints } = watched;
        page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
        for (const { path, texts } of await visited(stage)) {
          await visit(watched, url, path);
          await unfold(page);
          for (const text of texts) await page.getByText(text).first().waitFor({ state: 'attached' });
          assert.equal(await foreign(page), 0, `${path} has elements of others`);
          assert.equal(
            await pixelsBeyond(watched),
            0,
            `${path} is wider than its window: ${await elementsBeyond(watched)}`,
          );
          assert.equal(await page.locator('[role=alert]').count(), 0, `${path} shows a problem`);
        }
        assert.equal(await page.evaluate(() => 'broken' in globalThis), false);
        assert.deepEqual(complaints, []);
        await watched.context.close();
      }
    },
  },
];
