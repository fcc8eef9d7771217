import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';

import { promote } from '@flowline/db';
import { errorInTolerances } from '@flowline/engine';
import type { Page } from 'playwright-core';

import { oddEvent, storeTestModel, testDefinition, testEvents } from '../support/scorer-model.ts';
import { open, visit } from './browser.ts';
import type { Check } from './check.ts';
import { DETECTOR, EMPTY, ticketFor } from './seed.ts';

const ROWS = 10_000;
/** Events that one request may score. */
const MOST_AT_ONCE = 1_000;

/** Scores of rows, as the server and the browser give them. */
interface Scored {
  readonly logDensityNats: number | null;
  readonly pValue: number;
}

type Event = ReturnType<typeof testEvents>[number];

/** Usual events, and some with missing values, unknown levels, values far out or impossible. */
const events: readonly Event[] = testEvents(ROWS, 11).map((event, i) => {
  switch (i % 10) {
    case 1:
      return { ...event, amount: null };
    case 3:
      return { ...event, method: i % 20 === 3 ? 'voucher' : 'cash' };
    case 5:
      return { ...event, latency: event.latency * 10 ** ((i % 70) / 10) };
    case 7:
      return { ...oddEvent(event.id), amount: i % 20 === 7 ? null : -500 + i / 10 };
    case 9:
      return i % 40 === 9 ? { ...event, latency: -i } : event;
    default:
      return event;
  }
});

/** Scores events in the page, by the program that the explorer loads. */
async function inBrowser(page: Page, model: object, program: string): Promise<Scored[]> {
  const values = events.map(({ latency, amount, method }) => ({ latency, amount, method }));
  return page.evaluate(
    async ([address, from, rows]) => {
      interface Program {
        readonly openModel: (address: unknown) => Promise<{
          score: (rows: unknown) => Promise<{ logDensityNats: Float64Array; pValues: Float64Array }>;
        }>;
      }
      const { openModel } = (await import(from)) as Program;
      const { logDensityNats, pValues } = await (await openModel(address)).score(rows);
      return Array.from(logDensityNats, (nats, i) => ({
        logDensityNats: Number.isFinite(nats) ? nats : null,
        pValue: pValues.at(i) ?? NaN,
      }));
    },
    [model, program, values] as const,
  );
}

/** Scores events by the API, with the session of the page. */
async function onServer(page: Page): Promise<Scored[]> {
  const all: Scored[] = [];
  for (let start = 0; start < ROWS; start += MOST_AT_ONCE) {
    const part = await page.evaluate(
      async ([path, body]) => {
        const headers = { 'content-type': 'application/json', 'x-flowline-page': '1' };
        const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
        if (!response.ok) throw new Error(await response.text());
        return ((await response.json()) as { readonly results: readonly unknown[] }).results;
      },
      [`/v1/detectors/${DETECTOR}/score`, { events: events.slice(start, start + MOST_AT_ONCE) }] as const,
    );
    all.push(...(part as Scored[]));
  }
  return all;
}

const nats = ({ logDensityNats }: Scored): number => logDensityNats ?? -Infinity;

/** Checks of what a page computes with a model itself. */
export const modelChecks: readonly Check[] = [
  {
    name: `the browser scores ${ROWS} rows as the server does, missing values and unknown levels included`,
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'read' }));
      const { page, context, complaints } = watched;
      const [model] = await database.query(
        `SELECT version, sha256 FROM flowline.model_versions WHERE detector = '${DETECTOR}'`,
      );
      const assets = await readdir(new URL('../../services/dashboard/dist/assets/', import.meta.url));
      const program = assets.find((name) => /^model-program-.*\.js$/.test(name));
      assert.ok(program !== undefined, 'the pages have no program that scores');
      const address = { detector: DETECTOR, version: Number(model?.version), sha256: model?.sha256 };
      const [here, there] = [await inBrowser(page, address, `/ui/assets/${program}`), await onServer(page)];
      assert.equal(here.length, ROWS);
      assert.equal(there.length, ROWS);
      let [worst, densities, pValues] = [0, 0, 0];
      for (const [i, own] of here.entries()) {
        const other = there[i];
        assert.ok(other !== undefined && 'pValue' in other, `row ${i}: ${JSON.stringify(other)}`);
        const error = errorInTolerances(nats(own), nats(other));
        assert.ok(error <= 2, `row ${i}: ${JSON.stringify([own, other, events[i]])}`);
        worst = Math.max(worst, error);
        densities = Math.max(densities, Number.isFinite(nats(own)) ? Math.abs(nats(own) - nats(other)) : 0);
        // A tolerance of log p may be a rank among the 2,000 rows of the calibration.
        pValues = Math.max(pValues, Math.abs(Math.log2(own.pValue / other.pValue)));
      }
      assert.ok(pValues < 0.05, `p-values differ by ${pValues} bits`);
      const zero = there.filter((row) => row.logDensityNats === null).length;
      assert.ok(zero > 0 && zero < ROWS / 10, `${zero} rows without a density`);
      assert.deepEqual(complaints, []);
      process.stdout.write(
        `        largest difference: ${densities.toExponential(1)} nats (${worst.toFixed(2)} tolerances), ${pValues.toExponential(1)} bits; ${zero} rows without a density\n`,
      );
      await context.close();
    },
  },
  {
    name: 'models: samples against events, and a roll back says its consequences before it is done',
    run: async ({ browser, url, database }) => {
      const { version } = await storeTestModel(database.db, testDefinition(EMPTY, 'none'), 2);
      await promote(database.db, EMPTY, version);
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await visit(watched, url, `/detectors/${EMPTY}/models`);
      await page.getByText('It has not scored an event yet.').waitFor();
      await page.getByRole('button', { name: 'Roll back …' }).click();
      const dialog = page.getByRole('dialog', { name: 'Roll back to model 1' });
      await dialog.getByText(`Model ${version} becomes the previous one; a second roll back undoes this.`).waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      const champion = async (): Promise<unknown> => {
        const text = `SELECT version FROM flowline.model_aliases WHERE detector = '${EMPTY}' AND alias = 'champion'`;
        return (await database.query(text))[0]?.version;
      };
      assert.equal(await champion(), version);
      await page.getByRole('button', { name: 'Roll back …' }).click();
      await dialog.getByRole('button', { name: 'Roll back', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      assert.equal(await champion(), 1);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
];
