import assert from 'node:assert/strict';

import type { Page } from 'playwright-core';

import { open, pixelsBeyond, visit } from './browser.ts';
import type { Check } from './check.ts';
import { DETECTOR, EMPTY, ticketFor } from './seed.ts';

const EXPLORER = `/detectors/${DETECTOR}/explorer`;

const bitsOf = async (page: Page): Promise<number> =>
  Number(await page.getByLabel('Surprise in bits').getAttribute('data-bits'));

const pointAt = (page: Page): ReturnType<Page['getByRole']> =>
  page.getByRole('slider', { name: 'Point: latency and amount' });

/** Values of the point, as the address has them. */
const valuesIn = (page: Page): Record<string, unknown> =>
  JSON.parse(new URL(page.url()).searchParams.get('at') ?? '{}') as Record<string, unknown>;

/** Waits until the surprise is another one, and returns it. */
async function changed(page: Page, before: number): Promise<number> {
  await page.waitForFunction(
    (text) => document.querySelector('[data-bits]')?.getAttribute('data-bits') !== text,
    before.toFixed(6),
  );
  return bitsOf(page);
}

/** Share of the map that differs from the last pixel of its first row. */
const paintedShare = (page: Page): Promise<number> =>
  page.locator('.map-canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { width, height } = canvas;
    const pixels = [...(canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [])];
    const red = pixels.filter((_, i) => i % 4 === 0);
    const last = red.at(width - 1) ?? NaN;
    return red.filter((value) => Math.abs(value - last) > 20).length / red.length;
  });

/** Checks of the explorer. */
export const explorerChecks: readonly Check[] = [
  {
    name: 'the explorer: a point is dragged, moved by keys and by sliders, and its score follows',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'read' }));
      const { page } = watched;
      await visit(watched, url, EXPLORER);
      await pointAt(page).waitFor();
      await page.locator('[data-bits]').waitFor();
      const usual = await bitsOf(page);
      assert.ok(usual < 5, `it begins at ${usual} bits`);
      assert.ok((await paintedShare(page)) > 0.05, 'the map is empty');

      const mark = await page.locator('.map-point-mark').boundingBox();
      const map = await page.locator('.map-canvas').boundingBox();
      assert.ok(mark !== null && map !== null);
      await page.mouse.move(mark.x + mark.width / 2, mark.y + mark.height / 2);
      await page.mouse.down();
      await page.mouse.move(mark.x + mark.width / 2, map.y + 0.2 * map.height, { steps: 8 });
      await page.mouse.up();
      await changed(page, usual);
      // The address follows once the point rests: before it, the score may be one of the way.
      await page.waitForURL(/at=/);
      const dragged = await bitsOf(page);
      assert.ok(dragged > usual + 5, `dragged from ${usual} to ${dragged} bits`);
      await page.getByText('an alarm', { exact: true }).waitFor();

      await pointAt(page).focus();
      await page.keyboard.press('Shift+ArrowDown');
      const nearer = await changed(page, dragged);
      await page.keyboard.press('ArrowDown');
      const moved = await changed(page, nearer);
      assert.ok(moved < nearer && nearer < dragged, `keys lead from ${dragged} to ${nearer} and ${moved} bits`);

      await page.getByLabel('latency as a number').fill('100000');
      await page.keyboard.press('Enter');
      const far = await changed(page, moved);
      assert.ok(far > dragged);
      await page.getByLabel('latency as a number').fill('45');
      await page.keyboard.press('Enter');
      const low = await changed(page, far);
      await page.getByRole('combobox', { name: 'method' }).selectOption('cash');
      const other = await changed(page, low);
      await page.getByLabel('amount is missing').check();
      await changed(page, other);
      await page.waitForURL(/amount%22%3Anull/);
      assert.deepEqual(Object.keys(valuesIn(page)).sort(), ['amount', 'latency', 'method']);
      const before = await bitsOf(page);
      await page.reload();
      await page.locator('[data-bits]').waitFor();
      assert.equal(await bitsOf(page), before, 'another score for the same address');
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'the explorer scores a point as what-if does, and opens from an anomaly at its values',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'read' }));
      const { page } = watched;
      const [anomaly] = await database.query(
        'SELECT anomaly_id::text AS id, p_value FROM flowline.anomalies ORDER BY anomaly_id LIMIT 1',
      );
      await visit(watched, url, `/anomalies/${String(anomaly?.id)}`);
      await page.getByRole('link', { name: 'Explore', exact: true }).click();
      await page.waitForURL(/explorer\?model=1&at=/);
      await page.locator('[data-bits]').waitFor();
      assert.ok(Math.abs((await bitsOf(page)) + Math.log2(Number(anomaly?.p_value))) < 0.02);
      await page.getByRole('button', { name: 'Surprise' }).click();
      await page.waitForURL(/colour=surprise/);
      await page.getByText('Numbers').click();
      const saving = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save as CSV' }).click();
      assert.match((await saving).suggestedFilename(), /checkout.*\.csv$/);
      assert.equal(await pixelsBeyond(watched), 0);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'the explorer says what it lacks: a model of that version, the file, WebAssembly',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'read' }));
      const { page } = watched;
      await visit(watched, url, `/detectors/${EMPTY}/explorer?model=77`);
      await page.getByText(/has no model version 77/).waitFor();
      await page.route('**/browser?*', (route) => route.abort());
      await page.goto(`${url}/ui${EXPLORER}`);
      await page.getByText('The API does not answer.').waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await page.addInitScript(() => {
        WebAssembly.compile = () => Promise.reject(new WebAssembly.CompileError('no SIMD'));
      });
      await page.goto(`${url}/ui${EXPLORER}`);
      await page.getByText('This browser does not run the model').waitFor();
      await watched.context.close();
    },
  },
];
