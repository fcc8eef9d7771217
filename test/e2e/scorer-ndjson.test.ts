import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../support/scorer-model.ts';
import { startScorer } from '../support/scorer-process.ts';

describe('the scorer over a file', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-scorer-'));

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 120_000);
  beforeEach(async () => {
    database = await postgres.createDatabase();
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });

  const definition = testDefinition('checkout', 'orders');

  function file(name: string, lines: readonly unknown[]): string {
    const target = path.join(folder, name);
    writeFileSync(target, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
    return target;
  }

  async function score(args: readonly string[], input?: string) {
    const env = { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_PUBLIC_URL: 'https://flowline.example.org/' };
    const scorer = startScorer(args, env, input);
    const code = await scorer.ended;
    const lines = scorer.stdout().trimEnd().split('\n');
    return { code, lines, last: parse(lines.at(-1)), stderr: scorer.stderr() };
  }

  it('stores every event once with a score, explains anomalies, and reports totals', async () => {
    await applyTestDetector(database.db, definition);
    const events = [...testEvents(3000, 7), oddEvent('odd')];
    const input = file('events.ndjson', events);
    const args = ['--detector', 'checkout', '--source', `ndjson:${input}`, '--alerts', 'stdout', '--json'];
    const first = await score(args);
    expect(first).toMatchObject({
      code: 0,
      last: {
        detector: 'checkout',
        events: 3001,
        scored: 3001,
        alreadyStored: 0,
        deadLetters: 0,
        backend: expect.stringMatching(/^(wasm|wasm-pool|onnxruntime)$/),
      },
    });
    const [stored] = await database.query(
      'SELECT count(*)::integer AS n, count(DISTINCT event_id)::integer AS ids FROM flowline.scored_events',
    );
    expect(stored).toEqual({ n: 3001, ids: 3001 });

    const alerts = first.lines.slice(0, -1).map((line) => parse(line));
    const odd = alerts.find((alert) => (alert.event as { id: string }).id === 'odd');
    expect(odd).toMatchObject({
      detector: 'checkout',
      state: 'opened',
      reason: 'low_density',
      observed: { latency: 1e6 },
    });
    expect(String(odd?.summary)).not.toBe('');
    expect(odd?.links).toEqual({ page: `https://flowline.example.org/alerts/${String(odd?.alertId)}` });
    const anomalies = await database.query('SELECT alert_id::text AS id FROM flowline.anomalies');
    expect(new Set(alerts.map(({ alertId }) => alertId))).toEqual(new Set(anomalies.map(({ id }) => id)));
    expect(await database.query('SELECT 1 FROM flowline.alert_outbox WHERE sent_at IS NULL')).toEqual([]);

    const again = await score(args);
    expect(again).toMatchObject({ code: 0, last: { events: 3001, scored: 0, alreadyStored: 3001, anomalies: 0 } });
    expect(again.lines).toHaveLength(1);
  }, 120_000);

  it('sets aside the lines that repeat an event, also when the file is scored again or has grown', async () => {
    await applyTestDetector(database.db, definition);
    const events = testEvents(300, 8);
    const lines = [...events, ...events.slice(0, 40), oddEvent('odd'), oddEvent('odd')];
    const read = async (more: readonly unknown[]) => {
      const input = file('repeats.ndjson', [...lines, ...more]);
      return (await score(['--source', `ndjson:${input}`, '--alerts', 'none', '--json'])).last;
    };
    expect(await read([])).toMatchObject({
      events: 342,
      scored: 301,
      duplicates: 41,
      alreadyStored: 0,
      deadLetters: 0,
    });
    expect(await read([])).toMatchObject({ events: 342, scored: 0, duplicates: 0, alreadyStored: 342 });
    const more = [...events.slice(100, 110), ...testEvents(5, 99)];
    expect(await read(more)).toMatchObject({ events: 357, scored: 5, duplicates: 10, alreadyStored: 342 });
    const [row] = await database.query(
      `SELECT count(*)::integer AS n, count(*) FILTER (WHERE s.event_id = d.event_id)::integer AS of_event
       FROM flowline.v1_event_duplicates d JOIN flowline.scored_events s ON s."offset" = d.first_offset`,
    );
    expect(row).toEqual({ n: 51, of_event: 51 });
    expect(await database.query(`SELECT FROM flowline.anomalies WHERE event_id = 'odd'`)).toHaveLength(1);
  }, 120_000);

  it('leaves a half-written line until it is whole, and tells files of one name and first line apart', async () => {
    await applyTestDetector(database.db, definition);
    const [first, second, third, fourth] = testEvents(4, 9).map((event) => JSON.stringify(event));
    const half = third?.slice(0, 12) ?? '';
    const read = async (lines: readonly unknown[]) => {
      const { code, last, stderr } = await score(['--source', `ndjson:${file('live.ndjson', lines)}`, '--json']);
      return {
        code,
        scored: last.scored,
        deadLetters: last.deadLetters,
        warned: stderr.includes('the last line is incomplete'),
      };
    };
    expect(await read([first, second, half])).toEqual({ code: 0, scored: 2, deadLetters: 0, warned: true });
    expect(await read([first, second, third])).toEqual({ code: 0, scored: 1, deadLetters: 0, warned: false });
    expect(await read([first, fourth, second, third])).toMatchObject({ code: 0, scored: 4, deadLetters: 0 });
    const streams = await database.query('SELECT next_offset::integer AS n FROM flowline.stream_offsets ORDER BY n');
    expect(streams).toEqual([{ n: 3 }, { n: 4 }]);
  }, 120_000);

  it('prints its own alerts, one for an event id, and leaves those alone that wait for somebody else', async () => {
    await applyTestDetector(database.db, definition);
    const wait = (sink: string, topic: string) =>
      database.query(
        `INSERT INTO flowline.alert_outbox (alert_id, detector, sink, topic, key, headers, value)
         VALUES (gen_random_uuid(), 'checkout', $1, $2, 'k', '{}', '{"event":{"id":"another process has it"}}')`,
        [sink, topic],
      );
    await wait('kafka', 'orders.alerts');
    await wait('stdout', 'another.ndjson#1');
    const events = [...testEvents(50, 9), oddEvent('odd'), oddEvent('odd'), oddEvent('odder'), oddEvent('odd')];
    const { code, lines } = await score(['--source', `ndjson:${file('own.ndjson', events)}`, '--json']);
    expect(code).toBe(0);
    const ids = lines.slice(0, -1).map((line) => (parse(line).event as { id: string }).id);
    expect(ids.filter((id) => id.startsWith('odd'))).toEqual(['odd', 'odder']);
    expect(ids).not.toContain('another process has it');
    expect(await database.query(`SELECT 1 FROM flowline.scored_events WHERE event_id = 'odd'`)).toHaveLength(1);
    const waiting = await database.query('SELECT sink FROM flowline.alert_outbox WHERE sent_at IS NULL ORDER BY sink');
    expect(waiting).toEqual([{ sink: 'kafka' }, { sink: 'stdout' }]);
  }, 60_000);

  it('reads standard input, and stores anomalies without alerts when none are wanted', async () => {
    await applyTestDetector(database.db, definition);
    const lines = [...testEvents(50, 8), oddEvent('odd')].map((event) => JSON.stringify(event)).join('\n');
    const { code, last } = await score(['--source', 'ndjson:-', '--alerts', 'none', '--json'], lines);
    expect({ code, last }).toMatchObject({ code: 0, last: { events: 51, scored: 51 } });
    expect(await database.query("SELECT event_id FROM flowline.anomalies WHERE event_id = 'odd'")).toHaveLength(1);
    expect(await database.query('SELECT 1 FROM flowline.alert_outbox')).toEqual([]);
  }, 60_000);

  it.each([
    [
      'no such detector',
      ['--detector', 'nobody', '--source', 'ndjson:-'],
      1,
      'FLOWLINE_DETECTOR_MISSING',
      'flowline apply',
    ],
    [
      'no champion yet',
      ['--detector', 'checkout', '--source', 'ndjson:-'],
      1,
      'FLOWLINE_MODEL_MISSING',
      'flowline train checkout',
    ],
    [
      'no such file',
      ['--detector', 'checkout', '--source', 'ndjson:/nowhere.ndjson'],
      1,
      'FLOWLINE_FILE_UNREADABLE',
      'Check the path',
    ],
    ['an unknown option', ['--sauce', 'kafka'], 2, 'FLOWLINE_USAGE', '--help'],
    [
      'no brokers',
      ['--detector', 'checkout', '--source', 'kafka'],
      1,
      'FLOWLINE_CONFIG_INVALID',
      'FLOWLINE_KAFKA_BROKERS',
    ],
  ])(
    'ends with one clear error: %s',
    async (_name, args, exitCode, errorCode, remedy) => {
      await (await import('@flowline/db')).applyDetector(database.db, definition);
      const { code, last } = await score([...args, '--json']);
      expect({ code, last }).toMatchObject({ code: exitCode, last: { error: { code: errorCode } } });
      expect(JSON.stringify(last)).toContain(remedy);
    },
    60_000,
  );

  it('refuses a corrupted model', async () => {
    await applyTestDetector(database.db, definition);
    // As disk corruption would, bypassing every guard of the schema.
    await database.query('ALTER TABLE flowline.model_artifacts DISABLE TRIGGER USER');
    await database.query('ALTER TABLE flowline.model_artifacts DROP CONSTRAINT model_artifacts_content_check');
    await database.query(
      'UPDATE flowline.model_artifacts SET bytes = set_byte(bytes, 5000, (get_byte(bytes, 5000) + 1) % 256)',
    );
    const { code, last } = await score(['--source', 'ndjson:-', '--json']);
    expect({ code, last }).toMatchObject({ code: 1, last: { error: { code: 'FLOWLINE_MODEL_CORRUPTED' } } });
  }, 60_000);
});

function parse(line: string | undefined): Record<string, unknown> {
  return JSON.parse(line ?? '') as Record<string, unknown>;
}
