import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, testDefinition } from '../support/scorer-model.ts';
import { startCli } from '../support/scorer-process.ts';

// Each command is a process of its own, which takes a while on a busy machine.
const TIMEOUT_MS = 240_000;

let folder: string;
let postgres: TestPostgres;
let database: TestDatabase;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-sample-'));
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  const definition = testDefinition('checkout', 'orders');
  await applyTestDetector(database.db, definition);
  await applyTestDetector(database.db, definition, 2);
}, TIMEOUT_MS);
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

async function flowline(args: readonly string[], env = { FLOWLINE_DATABASE_URL: database.url }) {
  const cli = startCli(args, env);
  return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() };
}
const noDatabase = { FLOWLINE_DATABASE_URL: '' };

describe('flowline sample', () => {
  it(
    'draws events that the score command scores the same, also from a model file',
    async () => {
      const file = path.join(folder, 'drawn.csv');
      const drawn = await flowline(['sample', 'checkout', '--count', '40', '--seed', '9', '--out', file]);
      expect(drawn).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/drawn\.csv: events 40 of checkout, model version 2, seed 9\n$/),
      });
      const rows = (await readFile(file, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => line.split(','));
      expect(rows[0]).toEqual(['latency', 'amount', 'method', 'log_density_nats', 'p_value']);
      expect(rows).toHaveLength(41);
      const scored = await flowline(['score', file, '--detector', 'checkout']);
      const scores = scored.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(',').slice(4, 6));
      expect(scores.slice(1)).toEqual(rows.slice(1).map((row) => row.slice(3)));

      const model = path.join(folder, 'model.safetensors');
      expect((await flowline(['models', 'export', 'checkout', '--output', model])).code).toBe(0);
      const again = await flowline(['sample', '--model', model, '--count', '40', '--seed', '9'], noDatabase);
      expect(again.stdout).toBe(await readFile(file, 'utf8'));
      expect(again.stderr).toContain('events 40 of checkout, seed 9');
    },
    TIMEOUT_MS,
  );

  it(
    'prints JSON and NDJSON, of a named version',
    async () => {
      const { stdout } = await flowline(['sample', 'checkout', '--version', '1', '--count', '3', '--json']);
      const result = JSON.parse(stdout) as { samples: { values: object; logDensityNats: number; pValue: number }[] };
      expect(result).toMatchObject({ detector: 'checkout', modelVersion: 1, seed: 1, count: 3, drawnContext: [] });
      const lines = await flowline(['sample', 'checkout', '--version', '1', '--count', '3', '--format', 'ndjson']);
      expect(
        lines.stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as object),
      ).toEqual(
        result.samples.map(({ values, logDensityNats, pValue }) => ({
          ...{ ...values, log_density_nats: logDensityNats, p_value: pValue },
        })),
      );
    },
    TIMEOUT_MS,
  );

  it.each([
    [['sample'], 2, 'flowline sample'],
    [['sample', 'checkout', '--model', 'x'], 2, 'flowline sample'],
    [['sample', '--model', 'x', '--version', '1'], 2, '--version'],
    [['sample', 'checkout', '--count', '0'], 2, '--count'],
    [['sample', 'checkout', '--count', '100001'], 2, '--count'],
    [['sample', 'checkout', '--seed', '-1'], 2, '--seed'],
    [['sample', 'checkout', '--context', '[1]'], 2, '--context'],
    [['sample', 'checkout', '--format', 'xml'], 2, '--format'],
    [['sample', 'checkout', '--context', '{"method":"card"}'], 1, 'context.method'],
    [['sample', 'checkout', '--version', '7'], 1, expect.any(String)],
    [['sample', 'nobody'], 1, expect.any(String)],
  ])(
    'refuses %j',
    async (args, code, where) => {
      const refused = await flowline([...args, '--json']);
      expect(refused.code).toBe(code);
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { where, remedy: expect.any(String) } });
    },
    TIMEOUT_MS,
  );
});
