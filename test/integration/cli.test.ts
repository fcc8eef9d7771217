import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { createReadings, makeReadings, type Reading, readingsYaml } from './trainer-fixture.ts';

// Each command is one or two processes, which takes a while on a busy machine.
const TIMEOUT_MS = 240_000;
const bin = fileURLToPath(new URL('../../services/cli/bin/flowline.mjs', import.meta.url));

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command, as a user does. */
function flowline(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const { FLOWLINE_DATABASE_URL: _url, FLOWLINE_KAFKA_BROKERS: _brokers, ...inherited } = process.env;
    const child = spawn(process.execPath, [bin, ...args], {
      env: { ...inherited, FLOWLINE_LOG_LEVEL: 'warn', ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-cli-'));
  postgres = await startPostgres();
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

describe('flowline, wrongly called', () => {
  it(
    'says what is wrong, what to do, and exits with 2',
    async () => {
      const [unknown, missing, json, nothing] = await Promise.all([
        flowline(['trian', 'x']),
        flowline(['apply']),
        flowline(['anomalies', '--limit', 'many', '--json']),
        flowline([]),
      ]);
      expect(unknown).toMatchObject({ code: 2, stdout: '' });
      expect(unknown.stderr).toMatch(
        /error FLOWLINE_USAGE: unknown command 'trian'[^]*Did you mean train\?[^]*remedy: See/,
      );
      expect(missing).toMatchObject({ code: 2, stdout: '' });
      expect(missing.stderr).toContain("missing required argument 'file'");
      expect(json.code).toBe(2);
      expect(lines(json.stdout)).toEqual([
        { error: expect.objectContaining({ code: 'FLOWLINE_USAGE', where: '--limit' }) },
      ]);
      expect(nothing.code).toBe(2);
      expect(nothing.stderr).toContain('Usage: flowline');
    },
    TIMEOUT_MS,
  );

  it(
    'shows help with examples for every command, and exits with 0',
    async () => {
      const help = await flowline(['--help']);
      expect(help.code).toBe(0);
      const commands = ['doctor', 'migrate', 'apply', 'train', 'serve', 'score', 'anomalies', 'models', 'validate'];
      for (const command of commands) expect(help.stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
      expect((await flowline(['score', '--help'])).stdout).toMatch(/Examples:\n +flowline score/);
    },
    TIMEOUT_MS,
  );
});

describe('flowline, with something missing', () => {
  it.each([
    ['no database named', {}, 'FLOWLINE_CONFIG_INVALID', /FLOWLINE_DATABASE_URL/],
    [
      'a database that does not answer',
      { FLOWLINE_DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/none' },
      'FLOWLINE_DATABASE_UNREACHABLE',
      /127\.0\.0\.1:1/,
    ],
  ])(
    '%s: one clear error, exit code 1',
    async (_what, env, code, message) => {
      const [text, json] = await Promise.all([
        flowline(['models', 'ls'], env),
        flowline(['models', 'ls', '--json'], env),
      ]);
      expect([text.code, json.code]).toEqual([1, 1]);
      expect(text.stderr).toMatch(new RegExp(`^error ${code}: `));
      expect(text.stderr).toMatch(message);
      expect(text.stderr).toContain('remedy:');
      expect(lines(json.stdout)).toEqual([{ error: expect.objectContaining({ code }) }]);
      expect(text.stderr + json.stdout).not.toContain('hunter2');
    },
    TIMEOUT_MS,
  );

  it(
    'a schema that has not been made: doctor finds it (exit code 3), migrate makes it, once',
    async () => {
      const { url } = await postgres.createDatabase({ migrated: false });
      const env = { FLOWLINE_DATABASE_URL: url };
      const applied = await flowline(['apply', await file('readings.yaml', readingsYaml())], env);
      expect(applied).toMatchObject({ code: 1, stdout: '' });
      expect(applied.stderr).toMatch(/FLOWLINE_DATABASE_NOT_MIGRATED[^]*remedy: Run `flowline migrate`/);

      const sick = await flowline(['doctor', '--json'], env);
      expect(sick.code).toBe(3);
      const [{ healthy, findings } = {}] = lines(sick.stdout);
      expect(healthy).toBe(false);
      expect(findings).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ check: 'node', status: 'ok' }),
          expect.objectContaining({ check: 'backend wasm', status: 'ok' }),
          expect.objectContaining({ check: 'backend tfjs-wasm', status: 'ok' }),
          expect.objectContaining({
            check: 'backend wasm-pool',
            status: 'ok',
            backend: expect.objectContaining({ available: true, eventsPerSecond: expect.any(Number) }),
          }),
          // Optional: never a failure, unless it is asked for.
          expect.objectContaining({ check: 'backend onnxruntime', status: expect.stringMatching(/^(ok|skipped)$/) }),
          expect.objectContaining({ check: 'database', status: 'ok' }),
          expect.objectContaining({ check: 'migrations', status: 'failed', remedy: 'Run `flowline migrate`.' }),
          expect.objectContaining({ check: 'kafka', status: 'skipped' }),
        ]),
      );

      const planned = await flowline(['migrate', '--dry-run', '--json'], env);
      const migrated = await flowline(['migrate', '--json'], env);
      expect(lines(migrated.stdout)[0]?.migrations).toEqual(lines(planned.stdout)[0]?.migrations);
      const again = await flowline(['migrate'], env);
      expect(again).toMatchObject({ code: 0 });
      expect(again.stdout).toContain('is up to date');
    },
    TIMEOUT_MS,
  );
});

describe('flowline, from a file to anomalies', () => {
  let test: TestDatabase;
  let env: Record<string, string>;
  const unfit: Reading[] = makeReadings(3, 9).map((row) => ({ ...row, level: 1.5, flow: Math.exp(-0.75) }));
  beforeAll(async () => {
    test = await postgres.createDatabase();
    await createReadings(test, makeReadings(4000, 1));
    env = { FLOWLINE_DATABASE_URL: test.url };
  }, TIMEOUT_MS);

  it(
    'validates and applies a detector, telling every mistake at once',
    async () => {
      const wrong = readingsYaml().replace('type: positive', 'type: postive').replace('timeColumn', 'timeColum');
      const invalid = await flowline(['validate', await file('wrong.yaml', wrong)]);
      expect(invalid.code).toBe(1);
      expect(invalid.stderr).toMatch(/FLOWLINE_CONFIG_INVALID/);
      expect(invalid.stderr).toMatch(/features\[1\]\.type/);
      expect(invalid.stderr).toMatch(/positive/);
      expect(invalid.stderr).toMatch(/timeColumn/);

      const yaml = await file('readings.yaml', readingsYaml());
      expect((await flowline(['validate', yaml])).stdout).toContain(
        'detector readings, 3 features (level, flow, valve)',
      );
      const first = await flowline(['apply', yaml, '--json'], env);
      expect(lines(first.stdout)).toEqual([{ detector: 'readings', version: 1, changed: true, nextModel: [] }]);
      const second = await flowline(['apply', yaml], env);
      expect(second).toMatchObject({ code: 0, stdout: 'readings: version 1 is already in force; nothing changed\n' });
    },
    TIMEOUT_MS,
  );

  it(
    'checks the history query against the database, where one is at hand',
    async () => {
      const other = readingsYaml().replace('name: readings', 'name: others').replace('name: level,', 'name: levl,');
      const yaml = await file('others.yaml', other);
      expect(await flowline(['validate', yaml])).toMatchObject({ code: 0 });
      const finding = 'others: The history has no column "levl" (did you mean "level"?).';
      const validated = await flowline(['validate', yaml], env);
      expect(validated).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`FLOWLINE_HISTORY_INVALID: ${finding}`),
      });
      // The columns may come later, so the detector is in force.
      const applied = await flowline(['apply', yaml], env);
      expect(applied).toMatchObject({ code: 0, stderr: `warning: ${finding}\n` });
      expect(await flowline(['delete', 'others', '--drop-data'], env)).toMatchObject({ code: 0 });
      const init = await flowline(['init', 'readings', '--name', 'fresh'], env);
      expect(init.stdout).toMatch(/^ {4}query: "select \* from public\.readings"/m);
      expect(init.stdout).toMatch(/^ {4}- \{ name: level, type: real \}/m);
      expect(await flowline(['validate', await file('fresh.yaml', init.stdout)], env)).toMatchObject({ code: 0 });
      const query = await flowline(['init', 'select level, flow from readings', '--json'], env);
      expect(JSON.parse(query.stdout)).toMatchObject({
        detector: 'query',
        features: [{ name: 'level' }, { name: 'flow' }],
      });
      expect(await flowline(['init', 'nothing'], env)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('no table or view nothing'),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'trains, and lists the model as champion',
    async () => {
      const untrained = await flowline(['score', 'x.csv', '--detector', 'readings'], env);
      expect(untrained.code).toBe(1);
      expect(untrained.stderr).toMatch(/FLOWLINE_MODEL_MISSING[^]*flowline train readings/);

      const trained = await flowline(['train', 'readings', '--json'], env);
      expect(trained.code).toBe(0);
      expect(lines(trained.stdout)).toEqual([expect.objectContaining({ modelVersion: 1, promoted: true })]);
      expect(trained.stderr).toMatch(/train 100 % step 100\/100/);
      expect(trained.stderr).not.toContain('\r');
      const missing = await flowline(['train', 'nobody'], env);
      expect(missing).toMatchObject({ code: 1, stdout: '' });
      expect(missing.stderr).toContain('FLOWLINE_DETECTOR_MISSING');

      const models = await flowline(['models', 'ls', 'readings'], env);
      expect(models.stdout).toMatch(/readings +1 +champion/);
      const [listed] = lines((await flowline(['models', 'ls', '--json'], env)).stdout) as unknown as object[][];
      expect(listed).toEqual([expect.objectContaining({ detector: 'readings', version: 1, champion: true })]);
    },
    TIMEOUT_MS,
  );

  it(
    'scores a CSV file: a line for each row, broken ones with what is wrong',
    async () => {
      const [normal, odd] = [makeReadings(1, 5)[0]!, unfit[0]!];
      const csv = [
        'id,ts,level,flow,valve',
        [normal.id, normal.ts, normal.level, normal.flow, normal.valve].join(','),
        [odd.id, odd.ts, odd.level, odd.flow, '"open"'].join(','),
        'x,2026-01-01T00:00:00Z,high,1,open',
        'x,2026-01-01T00:00:00Z,1,1',
        'x,2026-01-01T00:00:00Z,,1,open',
      ].join('\r\n');
      const scored = await flowline(
        ['score', await file('events.csv', csv), '--detector', 'readings', '--explain'],
        env,
      );
      expect(scored.code).toBe(0);
      const rows = scored.stdout.trimEnd().split('\n');
      expect(rows[0]).toBe('row,time,id,entity,log_density_nats,p_value,surprise_bits,anomaly,summary,observed,error');
      expect(rows[1]).toMatch(/^1,[^,]+,[^,]+,,-?[\d.]+,[\d.]+,[\d.]+,false,,,$/);
      expect(rows[2]).toMatch(/^2,[^,]+,[^,]+,,-[\d.]+,[\d.e-]+,[\d.]+,true,"?.*expected.*,"\{.*\}",$/);
      expect(rows[2]).toContain(odd.id);
      expect(rows.slice(3)).toEqual([
        expect.stringMatching(/^3,2026-01-01T00:00:00Z,x,,,,,,,,"?wrong_type: level/),
        expect.stringMatching(/^4,,,,,,,,,,"?not_an_object: Line 5 has 4 cells/),
        expect.stringMatching(/^5,2026-01-01T00:00:00Z,x,,,,,,,,"?missing_field: level/),
      ]);
      expect(scored.stderr).toContain('could not be scored 3');

      // The same model from a file, without a database, gives the same scores.
      const exported = path.join(folder, 'model.safetensors');
      expect((await flowline(['models', 'export', 'readings', '--output', exported], env)).code).toBe(0);
      const onnx = path.join(path.dirname(exported), 'readings.onnx');
      const written = await flowline(['export-onnx', 'readings', '--output', onnx, '--json'], env);
      expect(JSON.parse(written.stdout)).toMatchObject({ detector: 'readings', file: onnx, output: 'logDensity' });
      const again = await flowline(['export-onnx', '--model', exported, '--output', `${onnx}.again`], {});
      expect(again.code).toBe(0);
      expect(readFileSync(`${onnx}.again`)).toEqual(readFileSync(onnx));
      expect((await flowline(['export-onnx'], {})).code).toBe(2);
      const ndjson = [normal, odd].map((row) => JSON.stringify(row)).join('\n');
      const piped = await flowline(['score', '-', '--model', exported, '--alpha', '0.01', '--json'], {}, ndjson);
      expect(lines(piped.stdout)).toMatchObject([normal, odd].map(({ id, ts }) => ({ id, time: ts })));
      // By the rules of the stream: what would be a dead letter there is not scored here.
      const unlike = [
        { ...normal, ts: '2026-13-06' },
        { ...normal, id: { a: 1 } },
        { ...normal, ts: 1_762_423_200_000 },
      ];
      for (const source of [
        ['--model', exported],
        ['--detector', 'readings'],
      ]) {
        const unread = await flowline(
          ['score', '-', ...source, '--json'],
          env,
          [...unlike, normal].map((row) => JSON.stringify(row)).join('\n'),
        );
        expect(lines(unread.stdout).map(({ error }) => (error as { reason: string } | undefined)?.reason)).toEqual([
          'bad_time',
          'wrong_type',
          'bad_time',
          undefined,
        ]);
      }
      expect(lines(piped.stdout).map((row) => String(row.logDensityNats))).toEqual(
        [1, 2].map((i) => rows[i]?.split(',')[4]),
      );
      const only = await flowline(['score', '-', '--model', exported, '--only-anomalies', '--json'], {}, ndjson);
      expect(lines(only.stdout)).toEqual([expect.objectContaining({ row: 2, anomaly: true })]);
      const renamed = csv.replace('level', 'lvel');
      const refused = await flowline(['score', await file('renamed.csv', renamed), '--model', exported], {});
      expect([refused.code, refused.stdout]).toEqual([1, '']);
      expect(refused.stderr).toMatch(/lacks "level" \(is "lvel" meant\?\)/);
      const nothing = await flowline(['score', '-', '--model', exported], {}, 'not json\n');
      expect(nothing.code).toBe(1);
      expect(nothing.stderr).toContain('None of the 1 rows');
      const corrupted = await flowline(
        ['score', '-', '--model', await file('bad.safetensors', 'no model')],
        {},
        ndjson,
      );
      expect(corrupted.code).toBe(1);
      expect(corrupted.stderr).toContain('FLOWLINE_MODEL_CORRUPTED');
    },
    TIMEOUT_MS,
  );

  it(
    'serves the scorer, and lists the anomalies it stored',
    async () => {
      const events = [...makeReadings(200, 6), ...unfit].map((row) => `${JSON.stringify(row)}\n`).join('');
      const source = `ndjson:${await file('events.ndjson', events)}`;
      const args = [
        'serve',
        'scorer',
        '--',
        '--detector',
        'readings',
        '--source',
        source,
        '--alerts',
        'none',
        '--json',
      ];
      const served = await flowline(args, env);
      expect(served.code).toBe(0);
      expect(lines(served.stdout).at(-1)).toMatchObject({ events: 203, scored: 203, deadLetters: 0 });

      const listed = await flowline(['anomalies', '--detector', 'readings', '--order', 'surprise', '--json'], env);
      const [anomalies] = lines(listed.stdout) as unknown as { eventId: string }[][];
      expect(
        anomalies
          ?.slice(0, 3)
          .map(({ eventId }) => eventId)
          .sort(),
      ).toEqual(unfit.map(({ id }) => id));
      const table = await flowline(['anomalies', '--since', '2026-01-01', '--limit', '1'], env);
      expect(table.stdout.split('\n')[0]).toMatch(/^event time +detector +event +bits +p-value +what$/);
      expect(table.stdout.trimEnd().split('\n')).toHaveLength(2);
      expect((await flowline(['anomalies', '--since', '2100-01-01'], env)).stdout).toBe('no anomalies\n');

      const healthy = await flowline(['doctor'], env);
      expect(healthy.code).toBe(0);
      expect(healthy.stdout).toMatch(/✓ champion of readings +model version 1/);
      expect(healthy.stdout).toMatch(/✓ history of readings +4,000 rows/);
    },
    TIMEOUT_MS,
  );

  it(
    'passes a signal to the service, and its exit code back',
    async () => {
      const { FLOWLINE_KAFKA_BROKERS: _brokers, ...inherited } = process.env;
      const child = spawn(process.execPath, [bin, 'serve', 'trainer'], {
        env: { ...inherited, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
      const ended = new Promise((resolve) => child.once('close', resolve));
      await until('the trainer waits', () => stderr.includes('waits for schedules'), { detail: () => stderr });
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(stderr).toContain('stopping');
    },
    TIMEOUT_MS,
  );
});
