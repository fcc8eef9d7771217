import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition } from '../support/scorer-model.ts';
import { startCli } from '../support/scorer-process.ts';

/** Characters that a terminal acts on, except line breaks. */
// eslint-disable-next-line no-control-regex -- the characters in question
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const hostile = 'x\u001b[2J\r\u0007\u009b31m\u202ey';

describe('text of events, as people see it', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-printed-'));

  beforeAll(async () => {
    postgres = await startPostgres();
    database = await postgres.createDatabase();
    await applyTestDetector(database.db, testDefinition('checkout', 'orders'));
  }, 120_000);
  afterAll(async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });

  async function run(...args: string[]) {
    const cli = startCli(args, { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'debug' });
    return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() };
  }

  it('is neither obeyed by a terminal nor endless, and whole in what programs read', async () => {
    const usual = { ...oddEvent(''), latency: 55, amount: 10 };
    const events = [
      { ...oddEvent(''), id: `odd ${hostile}` },
      { ...usual, id: `level ${hostile}`, method: hostile },
      { ...usual, id: 'long', method: '\u009b'.repeat(400_000) },
      { ...usual, id: 'type', latency: hostile },
      { ...usual, id: { [hostile]: 1 } },
    ];
    const input = path.join(folder, 'events.ndjson');
    writeFileSync(input, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const serve = await run(
      ...['serve', 'scorer', '--', '--detector', 'checkout', '--source', `ndjson:${input}`, '--alerts', 'stdout'],
    );
    expect(serve).toMatchObject({ code: 0, stderr: expect.not.stringMatching(OBEYED) });
    expect(serve.stdout).not.toMatch(OBEYED);
    const alerts = serve.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly event: { readonly id: string }; readonly summary: string });
    const ids = alerts.map(({ event }) => event.id);
    expect(ids).toContain(`odd ${hostile}`);
    for (const { summary } of alerts) {
      expect(summary).not.toMatch(OBEYED);
      expect(summary.length).toBeLessThan(400);
    }

    const anomalies = await run('anomalies');
    expect(anomalies.stdout).not.toMatch(OBEYED);
    expect(anomalies.stdout).toContain('odd x\\u001b[2J\\u000d\\u0007\\u009b31m\\u202ey');
    expect(anomalies.stdout.length).toBeLessThan(10_000);
    const exact = await run('anomalies', '--json');
    expect(exact.stdout).not.toMatch(OBEYED);
    expect((JSON.parse(exact.stdout) as { eventId: string }[]).map(({ eventId }) => eventId)).toContain(
      `odd ${hostile}`,
    );

    // Times have a zone, and an event with an entity shows it in a column.
    expect(anomalies.stdout).toMatch(/^event time +detector +event +bits .*\n2026-01-02 00:00:00Z /);
    await database.query(
      `UPDATE flowline.anomalies SET alert = jsonb_set(alert, '{event,entity}', '"shop\\u009b 4"') WHERE event_id LIKE 'odd%'`,
    );
    const withEntity = await run('anomalies');
    expect(withEntity.stdout).toMatch(/^event time +detector +event +entity +bits .*$/m);
    expect(withEntity.stdout).toContain('  shop\\u009b 4  ');
    const explained = await run('anomalies', '--explain', '--limit', '1');
    expect(explained.stdout).toMatch(/^ {4}feature +found +expected +closest usual +bits$/m);
    expect(explained.stdout).not.toMatch(OBEYED);

    const letters = await run('dlq', 'ls');
    expect(letters.stdout).toContain('latency is the text "x\\u001b[2J');
    expect(letters.stdout).not.toMatch(OBEYED);
    const usage = await run('anomalies', '--since', hostile);
    expect(usage).toMatchObject({ code: 2, stderr: expect.not.stringMatching(OBEYED) });
  }, 120_000);
});
