import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { reportScoring } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { startCli } from '../support/scorer-process.ts';
import { createReadings, makeReadings, type Reading, readingsYaml } from './trainer-fixture.ts';

// Each command is a process of its own, which takes a while on a busy machine.
const TIMEOUT_MS = 300_000;

let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-models-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Creates a database with readings, and a command line connected to it. */
async function setUp(rows: readonly Reading[]) {
  const database = await postgres.createDatabase();
  await createReadings(database, rows);
  const flowline = async (...args: string[]) => {
    const cli = startCli(args, { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'error' });
    return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() };
  };
  const json = async (...args: string[]): Promise<unknown> => JSON.parse((await flowline(...args, '--json')).stdout);
  const apply = async (yaml: string): Promise<unknown> => json('apply', await file('readings.yaml', yaml));
  return { database, flowline, json, apply };
}

async function file(name: string, text: string): Promise<string> {
  const written = path.join(folder, name);
  await writeFile(written, text);
  return written;
}

const yaml = readingsYaml({ steps: 30 });

describe('a detector with a model', () => {
  let database: TestDatabase;
  let flowline: Awaited<ReturnType<typeof setUp>>['flowline'];
  let json: Awaited<ReturnType<typeof setUp>>['json'];
  let apply: Awaited<ReturnType<typeof setUp>>['apply'];
  beforeAll(async () => {
    ({ database, flowline, json, apply } = await setUp(makeReadings(4000, 1)));
    await apply(yaml);
    expect(await flowline('train', 'readings')).toMatchObject({ code: 0 });
  }, TIMEOUT_MS);

  const scoring = (more: object = {}) =>
    reportScoring(database.db, {
      detector: 'readings',
      detectorVersion: 1,
      modelVersion: 1,
      alpha: 0.01,
      alphaNote: null,
      fault: null,
      ...more,
    });

  it(
    'has a status: the definition, the model and alpha that score, and nothing to say',
    async () => {
      await scoring();
      const { stdout } = await flowline('status', 'readings');
      expect(stdout.replaceAll(/\d{4}-\d\d-\d\d [\d:]+Z/g, '<time>')).toBe(
        [
          'readings: scoring',
          '  definition  version 1, applied <time>',
          '  scores      model version 1, by definition version 1, alpha 0.01, since <time>',
          '  models      champion 1',
          '  alarms      0 of 0 events in 7 days, 0 expected',
          '',
        ].join('\n'),
      );
      expect(await json('status')).toEqual([
        expect.objectContaining({
          detector: 'readings',
          state: 'scoring',
          definition: expect.objectContaining({ version: 1 }),
          scoring: expect.objectContaining({ definitionVersion: 1, modelVersion: 1, alpha: 0.01 }),
          aliases: { champion: 1, challenger: null, previous: null },
          newestModel: 1,
          findings: [],
          lag: null,
          lagUnknown: null,
        }),
      ]);
      const missing = await flowline('status', 'nobody');
      expect(missing).toMatchObject({ code: 1, stdout: '' });
      expect(missing.stderr).toMatch(/FLOWLINE_DETECTOR_MISSING[^]*flowline apply/);
    },
    TIMEOUT_MS,
  );

  it(
    'is shown: what it goes by, what its training found, and why it scores',
    async () => {
      const shown = await flowline('models', 'show', 'readings');
      expect(shown.stdout).toMatch(/^readings, model version 1\n {2}goes by +champion\n/);
      expect(shown.stdout).toMatch(/held out +\d+ alarms in 400 rows, 4 expected\n {2}promoted +there was no champion/);
      expect(await json('models', 'show', 'readings', '1')).toMatchObject({
        version: 1,
        aliases: ['champion'],
        run: { promoted: true, metrics: { training: { alarms: { testRows: 400 } } } },
      });
      const missing = await flowline('models', 'show', 'readings', '9');
      expect(missing.code).toBe(1);
      expect(missing.stderr).toMatch(/FLOWLINE_MODEL_MISSING[^]*no model version 9[^]*flowline models ls readings/);
    },
    TIMEOUT_MS,
  );

  it(
    'is exported with the alpha of the definition in force, by which its file decides',
    async () => {
      const model = path.join(folder, 'model.safetensors');
      const events = await file(
        'events.ndjson',
        makeReadings(500, 4)
          .map((row) => JSON.stringify(row))
          .join('\n'),
      );
      const exported = () => json('models', 'export', 'readings', '--output', model);
      /**
       * Number of anomalies when scoring with the given source. Checks that they are exactly the
       * events with a p-value of at most alpha.
       */
      const anomalies = async (alpha: number, ...source: string[]) => {
        const { stdout } = await flowline('score', events, ...source, '--json');
        const rows = stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as { anomaly: boolean; pValue: number });
        const found = rows.filter(({ anomaly }) => anomaly);
        expect(found).toEqual(rows.filter(({ pValue }) => pValue <= alpha));
        return found.length;
      };
      const own = (await exported()) as { sha256: string };
      expect(own).toMatchObject({ alpha: 0.01 });
      expect(await exported()).toEqual(own);
      const few = await anomalies(0.01, '--model', model);

      await apply(yaml.replace('alpha: 0.01', 'alpha: 0.2'));
      const other = (await exported()) as typeof own;
      expect(other).toMatchObject({ alpha: 0.2, alphaNote: null });
      expect(other.sha256).not.toBe(own.sha256);
      const many = await anomalies(0.2, '--model', model);
      expect(many).toBeGreaterThan(few);
      expect(await anomalies(0.2, '--detector', 'readings')).toBe(many);

      // The model's history has 1,440 events per day: 72 false alarms per day give alpha 0.05.
      await apply(yaml.replace('alpha: 0.01', 'falseAlarms: 72/day'));
      expect(((await exported()) as { alpha: number }).alpha).toBeCloseTo(0.05, 4);
    },
    TIMEOUT_MS,
  );

  it(
    'says which part of a definition waits for the next model, while the older one scores',
    async () => {
      const applied = await apply(yaml.replace('    - { name: valve, type: categorical }\n', ''));
      expect(applied).toMatchObject({ changed: true, nextModel: ['spec.features'] });
      await scoring({ detectorVersion: (applied as { version: number }).version });
      const { stdout } = await flowline('status', 'readings');
      expect(stdout).toMatch(
        /scores +model version 1, [^]*! FLOWLINE_MODEL_OUTDATED: spec\.features of version \d+ take effect with the next model\n +→ Train it: `flowline train readings`/,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'is verified: a model as it was stored passes, one that was tampered with is refused in words',
    async () => {
      const verified = await flowline('models', 'verify', 'readings');
      expect(verified).toMatchObject({ code: 0 });
      expect(verified.stdout).toMatch(
        /model version 1: [\d,]+ bytes, checksum and format are right; a probe is scored/,
      );
      await database.query(`ALTER TABLE flowline.model_artifacts DISABLE TRIGGER immutable`);
      await database.query('ALTER TABLE flowline.model_artifacts DROP CONSTRAINT model_artifacts_content_check');
      await database.query(
        `UPDATE flowline.model_artifacts SET bytes = set_byte(bytes, 5000, 1 + get_byte(bytes, 5000) % 255)`,
      );
      for (const command of [
        ['verify', 'readings'],
        ['verify', 'readings', '1'],
        ['export', 'readings'],
      ]) {
        const refused = await flowline('models', ...command);
        expect(refused).toMatchObject({ code: 1, stdout: '' });
        expect(refused.stderr).toMatch(
          /FLOWLINE_MODEL_CORRUPTED: The bytes of readings, model version 1 do not match their checksum[^]*flowline train readings/,
        );
      }
    },
    TIMEOUT_MS,
  );
});

describe('a first model that alarms far too often on the newest rows', () => {
  it(
    'is held: train ends with 3, status says why and what to do, and a person may promote it',
    async () => {
      // At the end of the history, the flow is low while the level is high.
      const rows = makeReadings(4000, 1).map((row, i) =>
        i < 3600 ? row : { ...row, level: 1.5 + 0.1 * Math.sin(i), flow: Math.exp(-0.75) },
      );
      const { apply, flowline, json } = await setUp(rows);
      await apply(yaml);
      const byHand = await flowline('train', 'readings', '--promote', 'never');
      expect(byHand).toMatchObject({ code: 0, stdout: expect.stringContaining('promotion is by hand') });

      const page = path.join(folder, 'held.html');
      const held = await flowline('train', 'readings', '--report', page);
      expect(held.code).toBe(3);
      expect(held.stdout).toMatch(/\n[^\n]*held\.html: the report; open it in a browser\n$/);
      const html = await readFile(page, 'utf8');
      expect(html).toContain('<h1>readings, model version 2</h1>');
      expect(html).toContain('The model is held back, and does not score: its alarms are far above');
      expect(html).toContain('There are more alarms than requested, beyond chance.');
      expect(html).toMatch(/of the history in time order[^]*Training curves/);
      expect(held.stdout).toMatch(
        /it is held back, and does not score: its alarms are far above the requested rate: \d+ of 400/,
      );
      expect(held.stdout).toMatch(/moved since training: flow from [\d.]+ to 0\.4724; level from −?[\d.]+ to 1\.5/);
      const status = await flowline('status', 'readings');
      expect(status.stdout).toMatch(/^readings: waiting\n[^]* {2}scores +nothing\n {2}models +challenger 2\n/);
      expect(status.stdout).toMatch(
        /! FLOWLINE_MODEL_HELD: model version 2 is held back: its alarms are far above [^]*; nothing can be scored\n +→ .*`flowline models promote readings 2` puts it in force/,
      );

      expect(await json('models', 'promote', 'readings', '2')).toEqual({
        detector: 'readings',
        champion: 2,
        replaced: null,
      });
      const [after] = (await json('status', 'readings')) as { findings: unknown[] }[];
      expect(after?.findings).toEqual([]);
      // With a working champion, training succeeds whether or not its model is promoted.
      expect(await flowline('train', 'readings')).toMatchObject({ code: 0 });
    },
    TIMEOUT_MS,
  );
});
