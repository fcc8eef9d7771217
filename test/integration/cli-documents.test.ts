import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition, testDetectorYaml, testEvents } from '../support/scorer-model.ts';
import { startCli } from '../support/scorer-process.ts';

const TIMEOUT_MS = 240_000;

let folder: string;
let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-documents-'));
  postgres = await startPostgres();
  await file('sizes.csv', 'code,size\ncard,1\ncash,\n');
  await file(
    'holidays.ics',
    'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
  );
});
beforeEach(async () => {
  database = await postgres.createDatabase();
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, text: string): Promise<string> {
  const written = path.join(folder, name);
  await writeFile(written, text);
  return written;
}
async function flowline(...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const cli = startCli(args, { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'error' });
  return { code: await cli.ended, out: cli.stdout(), err: cli.stderr() };
}

const detector = testDetectorYaml('checkout', 'orders')
  .replace(
    '  features:',
    '  lookups: { sizes: { csv: sizes.csv, key: code } }\n  features:\n    - { name: size, type: real, from: { lookup: { table: sizes, key: method, value: size } } }',
  )
  .replace('nullable: [amount]', 'nullable: [amount, size]');
const everyKind = `${detector}---
apiVersion: flowline/v1
kind: Rule
metadata: { name: quiet }
spec: { when: "bits < 20.0", then: { suppress: true } }
---
apiVersion: flowline/v1
kind: Calendar
metadata: { name: holidays }
spec: { timezone: Europe/Paris, file: holidays.ics, alerts: false }
---
apiVersion: flowline/v1
kind: Sink
metadata: { name: oncall }
spec: { webhook: { url: "https://example.org/hooks/s3cr3t", secret: env:HOOK_SECRET } }
`;

describe('documents in force', () => {
  it(
    'are exported, compared and applied again without a change, in every kind and format',
    async () => {
      expect(await flowline('apply', await file('all.yaml', everyKind))).toMatchObject({ code: 0 });
      const exported = await flowline('export');
      expect(exported).toMatchObject({ code: 0, err: expect.stringContaining('may be a secret') });
      expect(exported.out.match(/^kind: .*/gm)).toEqual([
        'kind: Sink',
        'kind: Calendar',
        'kind: Rule',
        'kind: Detector',
      ]);
      const elsewhere = await file('exported.yaml', exported.out);
      const diff = await flowline('diff', elsewhere);
      expect(diff).toMatchObject({ code: 0, out: expect.stringContaining('sink oncall: no change') });
      const again = await flowline('apply', elsewhere, '--json');
      const results = JSON.parse(again.out) as { changed: boolean }[];
      expect(results.map(({ changed }) => changed)).toEqual([false, false, false, false]);

      for (const [kind, name] of [
        ['detector', 'checkout'],
        ['rule', 'quiet'],
        ['calendar', 'holidays'],
        ['sink', 'oncall'],
      ]) {
        for (const format of ['yaml', 'json']) {
          const got = await flowline('get', kind ?? '', name ?? '', '-o', format);
          const one = await flowline('diff', await file(`one.${format}`, got.out));
          expect(one).toMatchObject({ code: 0 });
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    'differ in keys, with both values, and say what waits for the next model',
    async () => {
      const yaml = await file('all.yaml', everyKind);
      expect(await flowline('diff', yaml)).toMatchObject({ code: 1, out: expect.stringContaining('sink oncall: new') });
      await flowline('apply', yaml);
      const changed = everyKind
        .replace('alpha: 0.001', 'alpha: 0.002')
        .replace('hooks/s3cr3t', 'hooks/other')
        .replace('{ name: amount, type: real }', '{ name: amount, type: positive }');
      const { code, out } = await flowline('diff', await file('changed.yaml', changed));
      expect(code).toBe(1);
      expect(out).toContain('  spec.decision.control.alpha: 0.001 → 0.002\n');
      expect(out).toContain('  spec.features.amount.type: real → positive\n');
      expect(out).toContain('  spec.webhook.url: https://example.org/… → https://example.org/…');
      expect(out).not.toContain('s3cr3t');
    },
    TIMEOUT_MS,
  );

  it(
    'are explained by: what waits for the next model, and events that a model scores',
    async () => {
      await applyTestDetector(database.db, testDefinition('checkout', 'orders'));
      const other = testDetectorYaml('checkout', 'orders').replace('amount, type: real', 'amount, type: integer');
      const diff = await flowline('diff', await file('next.yaml', other));
      expect(diff).toMatchObject({
        code: 1,
        out: expect.stringMatching(/ {2}spec\.features: takes effect with the next/),
      });

      const [usual] = testEvents(1, 9);
      const list = await file('events.json', JSON.stringify([oddEvent('odd'), usual, { id: 'none' }], null, 2));
      const { code, out } = await flowline('explain', 'checkout', list);
      expect(code).toBe(0);
      expect(out).toMatch(/^event 1, odd, \d+: an anomaly, [\d.]+ bits[^]*feature +found +expected/);
      expect(out).toMatch(/^event 2, e9-0, \d+: no anomaly/m);
      expect(out).toMatch(/^event 3, none: could not be scored \(missing_field\)/m);
      const lines = await file('events.ndjson', `${JSON.stringify(oddEvent('odd'))}\n{"id":\n`);
      const json = JSON.parse((await flowline('explain', 'checkout', lines, '--json')).out) as Record<string, unknown>;
      expect(json).toMatchObject({
        ...{ detector: 'checkout', modelVersion: 1 },
        results: [
          { anomaly: true, explanation: { contributions: expect.any(Array) } },
          { error: { reason: 'not_json' } },
        ],
      });
      expect(await flowline('explain', 'checkout', await file('empty.json', '\n'))).toMatchObject({
        ...{ code: 1, err: expect.stringContaining('contains no events') },
      });
    },
    TIMEOUT_MS,
  );

  it(
    'are missed and misnamed with one clear error',
    async () => {
      expect(await flowline('get', 'detector', 'nobody')).toMatchObject({
        ...{ code: 1, out: '' },
        err: expect.stringMatching(/FLOWLINE_DETECTOR_MISSING: There is no detector nobody[^]*remedy:/),
      });
      expect(await flowline('get', 'sink', 'nobody')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/no sink nobody/),
      });
      expect(await flowline('get', 'model', 'x')).toMatchObject({
        ...{ code: 2, err: expect.stringContaining('expected detector or rule or calendar or sink') },
      });
      expect(await flowline('export', 'nobody')).toMatchObject({ code: 1, out: '' });
      expect(await flowline('diff', path.join(folder, 'none.yaml'))).toMatchObject({ code: 2, out: '' });
      expect(await flowline('export')).toMatchObject({
        code: 0,
        out: '',
        err: expect.stringContaining('nothing is in force'),
      });
    },
    TIMEOUT_MS,
  );
});
