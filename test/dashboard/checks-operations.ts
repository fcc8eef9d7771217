import assert from 'node:assert/strict';

import type { Check, Stage } from './check.ts';
import { open, visit } from './browser.ts';
import { DETECTOR, EMPTY, ticketFor } from './seed.ts';

const CROWD = 10_000;

/** Stores open alerts of a detector, ten per minute, in groups of an hour with an hour between. */
const storeCrowd = ({ database }: Stage): Promise<unknown> =>
  database.query(
    `INSERT INTO flowline.alerts (alert_id, fingerprint, is_latest, detector, topic, partition, kind, entity, feature,
       phase, severity, count, first_seen, last_seen, due_at, peak_bits, recent, told, messages)
     SELECT gen_random_uuid(), gen_random_uuid(), true, $1, 'none', 0, 'density', 'host ' || n % 100, 'load', 'open',
       CASE WHEN n % 100 = 0 THEN 'critical' ELSE 'warning' END, 1, at, at + interval '1 minute', at + interval '1 day',
       14, '{}', 'open', 0
     FROM generate_series(0, $2::integer - 1) AS n,
       LATERAL (SELECT timestamptz '2026-02-01Z' + (n / 600) * interval '2 hours' + (n % 600) * interval '6 seconds' AS at)`,
    [EMPTY, CROWD],
  );

async function openAlerts({ database }: Stage, detector: string): Promise<number> {
  const [row] = await database.query(
    `SELECT count(*)::integer AS open FROM flowline.v1_alerts WHERE detector = $1 AND state = 'open'`,
    [detector],
  );
  return Number(row?.open);
}

/** Checks of alerts in groups, rules and calendars. */
export const operationChecks: readonly Check[] = [
  {
    name: 'alerts that overlap are one incident, which the keyboard chooses and acknowledges',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { name: 'ann' }));
      const { page } = watched;
      await visit(watched, url, '/incidents?state=all');
      const largest = page.locator('tbody tr', { hasText: /and \d+ others/ });
      assert.equal(await largest.count(), 1, 'the alerts of the odd events are no incident');
      const others = /and (\d+) others/.exec((await largest.textContent()) ?? '')?.[1];
      const alerts = Number(others) + 1;
      assert.ok(alerts >= 3);
      while (!(await largest.evaluate((row) => row.contains(document.activeElement)))) await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.getByText(`${alerts} alerts of 1 incident:`).waitFor();
      await page.getByRole('button', { name: 'Acknowledge' }).click();
      await largest.getByText('all seen').waitFor();
      const seen = await database.query(
        'SELECT acknowledged_by FROM flowline.alerts WHERE acknowledged_at IS NOT NULL',
      );
      assert.deepEqual(
        seen,
        Array.from({ length: alerts }, () => ({ acknowledged_by: 'ann' })),
      );
      // Its alerts and no others are in the inbox.
      await largest.getByRole('link').click();
      await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor();
      await page.getByRole('heading', { name: `${alerts} alerts` }).waitFor();
      await page.getByRole('button', { name: /^Take away the filter/ }).click();
      await page.waitForURL((address) => !address.search.includes('from='));
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: '10,000 open alerts are a page of incidents, and are resolved together',
    run: async (stage) => {
      const { browser, url, database } = stage;
      await storeCrowd(stage);
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await visit(watched, url, `/incidents?detector=${EMPTY}`);
      await page.getByRole('heading', { name: '17 incidents' }).waitFor();
      assert.equal(await page.locator('tbody tr', { hasText: 'and 599 others' }).count(), 16);
      await visit(watched, url, `/alerts?detector=${EMPTY}&severity=warning`);
      assert.equal(await page.locator('tbody tr').count(), 50);
      await page.getByLabel('Choose all alerts of this page').check();
      await page.getByRole('button', { name: 'Choose all that match the filters' }).click();
      await page.getByRole('button', { name: 'Resolve …' }).click();
      await page.getByRole('dialog', { name: 'Resolve' }).getByRole('button', { name: 'Resolve' }).click();
      await page.getByText('No alert matches.').waitFor({ timeout: 60_000 });
      assert.equal(await openAlerts(stage, EMPTY), CROWD / 100);
      await database.query('DELETE FROM flowline.alerts WHERE detector = $1', [EMPTY]);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'an anomaly becomes a rule, whose effect is shown before it is saved; it is changed, and goes',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'admin', name: 'ann' }));
      const { page } = watched;
      const [row] = await database.query(
        `SELECT anomaly_id::text AS id FROM flowline.v1_anomalies WHERE detector = $1 ORDER BY surprise_bits LIMIT 1`,
        [DETECTOR],
      );
      await visit(watched, url, `/anomalies/${String(row?.id)}`);
      await page.getByRole('link', { name: 'As a rule …' }).click();
      const editor = page.getByLabel('File of the rule in YAML');
      assert.match(await editor.inputValue(), /detectors: \["checkout"\]\n[\s\S]*suppress: true/);
      await page.getByText(/alerts? would have been touched/).waitFor();
      await page.locator('dt', { hasText: 'Suppressed' }).waitFor();
      assert.deepEqual(await database.query('SELECT FROM flowline.resources'), []);
      await page.getByRole('button', { name: 'Save as a new rule' }).click();
      await page.waitForURL(/\/rules\/expected-/);
      const name = new URL(page.url()).pathname.split('/').at(-1) ?? '';
      await page.getByText('version 1', { exact: true }).waitFor();
      // The events are older than a week.
      await page.getByText(/^No anomaly since/).waitFor();
      await page.getByRole('combobox').selectOption('1 year');
      await page.waitForURL(/days=365/);
      const text = await editor.inputValue();
      await editor.fill(text.replace('bits <=', 'bitz <='));
      await page.getByRole('alert').waitFor();
      assert.ok(await page.getByRole('button', { name: 'Save as version 2' }).isDisabled());
      await editor.fill(text.replace('suppress: true', 'downgrade: info'));
      await page.locator('dt', { hasText: 'Downgraded' }).waitFor();
      await page.getByRole('button', { name: 'Save as version 2' }).click();
      await page.getByText('version 2', { exact: true }).waitFor();
      await visit(watched, url, '/rules');
      await page.getByText('at most info', { exact: true }).waitFor();
      await page.getByRole('link', { name }).click();
      await page.getByRole('button', { name: 'Delete …' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('There is no rule yet.').waitFor();
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'a calendar is written, and saving one needs the scope admin',
    run: async ({ browser, url, database }) => {
      const reading = await open(browser, url, await ticketFor(database.db, { scope: 'operate' }));
      await visit(reading, url, '/calendars/new');
      await reading.page.getByText('Saving needs a token with the scope admin.').waitFor();
      await reading.context.close();
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'admin' }));
      const { page } = watched;
      await visit(watched, url, '/calendars/new');
      await page.getByRole('button', { name: 'Save as a new calendar' }).click();
      await page.waitForURL(/\/calendars\/new-calendar$/);
      await visit(watched, url, '/calendars');
      await page.getByText('no alerts', { exact: true }).waitFor();
      await database.query('DELETE FROM flowline.resources');
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'the pipeline shows partitions, stages and sinks, and says what it does not know',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, {}));
      const { page } = watched;
      await database.query(
        `INSERT INTO flowline.alert_outbox (alert_id, detector, topic, key, headers, value, sink, failing_since, error)
         VALUES (gen_random_uuid(), $1, '', '', '{}', '{}', 'oncall', now(), 'the hook answers 500')`,
        [DETECTOR],
      );
      await visit(watched, url, `/detectors/${DETECTOR}/pipeline`);
      await page.getByText(/^lag unknown: this service knows no broker/).waitFor();
      const oncall = page.locator('tbody tr', { hasText: 'oncall' });
      await oncall.getByText('failing').waitFor();
      await oncall.getByText('the hook answers 500').waitFor();
      await page.getByText('it answers').waitFor();
      const scored = page.locator('.stage', { hasText: 'events that a model has scored' });
      const [row] = await database.query(
        'SELECT sum(events)::integer AS events FROM flowline.event_counts WHERE detector = $1',
        [DETECTOR],
      );
      const shown = await scored.locator('.stage-count').textContent();
      assert.equal(shown, Number(row?.events).toLocaleString('en-US'));
      await database.query(`DELETE FROM flowline.alert_outbox WHERE sink = 'oncall'`);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
  {
    name: 'a definition is tried out on the last day before it is applied, and its versions are compared',
    run: async ({ browser, url, database }) => {
      const watched = await open(browser, url, await ticketFor(database.db, { scope: 'admin' }));
      const { page } = watched;
      await visit(watched, url, `/detectors/${DETECTOR}/definition`);
      const editor = page.getByLabel('Detector file in YAML');
      const text = await editor.inputValue();
      await editor.fill(text.replace(/- event\n/, '- feature\n').replace('type: real', 'type: positive'));
      await page.getByText('Needs a training: spec.features.').waitFor();
      const alerts = page.locator('tbody tr', { hasText: /^Alerts/ });
      await alerts.waitFor();
      const cells = await alerts.locator('td').allTextContents();
      assert.ok(Number(cells[1]) < Number(cells[0]), `alerts by feature are not fewer: ${cells.join(' ')}`);
      await page.getByText('Without spec.features: their effect needs a training first.').waitFor();
      await editor.fill(text.replace(/- event\n/, '- feature\n'));
      await page.getByText('spec.alerts.groupBy').waitFor();
      await page.getByRole('button', { name: /^Apply as version/ }).click();
      const versions = page.getByRole('region', { name: 'Versions' });
      await versions.getByText('["feature"]').waitFor();
      await versions.getByRole('combobox', { name: 'From' }).selectOption({ index: 0 });
      await versions.getByText('They do not differ.').waitFor();
      assert.match(page.url(), /from=\d+/);
      assert.deepEqual(watched.complaints, []);
      await watched.context.close();
    },
  },
];
