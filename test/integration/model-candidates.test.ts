import { applyDetector, listModelCandidates } from '@flowline/db';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@flowline/telemetry';
import { createProgress, trainOnce } from '@flowline/trainer';

import { startTestApi, type TestApi } from '../support/api.ts';
import { documentedCall } from '../support/documented-call.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { startCli } from '../support/scorer-process.ts';
import { createReadings, makeReadings, readingsDefinition } from './trainer-fixture.ts';

const TIMEOUT_MS = 300_000;

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  api = await startTestApi(database.db);
});
afterEach(() => api.close());
afterAll(() => postgres.stop());

async function train(rows: number, options: Parameters<typeof readingsDefinition>[0]) {
  await createReadings(database, makeReadings(rows, 1));
  await applyDetector(database.db, readingsDefinition(options));
  const shown: string[] = [];
  const progress = createProgress({ write: (text) => shown.push(text) });
  const signal = new AbortController().signal;
  const parts = { db: database.db, logger: silentLogger, progress, backend: 'wasm', signal } as const;
  const outcome = await trainOnce(parts, { detector: 'readings', scheduledFor: null, promotion: null });
  return { outcome, shown };
}

const read = async (version: number) => {
  const token = await api.token({ name: `ann ${version}`, scope: 'read' });
  return documentedCall(api, `GET /v1/detectors/readings/models/${version}/candidates`, { token });
};
const flowline = async (...args: string[]) => {
  const cli = startCli(args, { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'error' });
  return { code: await cli.ended, stdout: cli.stdout(), stderr: cli.stderr() };
};

describe('the candidates of a model', () => {
  it(
    'are stored with it, and listed in SQL, over HTTP and on the command line',
    async () => {
      const { outcome } = await train(2_000, { family: 'auto', steps: 60 });
      expect(outcome).toMatchObject({ modelVersion: 1, promoted: true });
      const rows = await database.query('SELECT * FROM flowline.v1_model_candidates ORDER BY place');
      expect(rows.map(({ place }) => place)).toEqual(rows.map((_, i) => i + 1));
      expect(rows.length).toBeGreaterThan(4);
      const chosen = rows.filter((row) => row.chosen === true);
      expect(chosen).toHaveLength(1);
      expect(chosen[0]).toMatchObject({ detector: 'readings', model_version: 1 });
      expect(rows[0]).toMatchObject({ gain_nats: 0, gain_standard_error: 0 });
      const recipe = rows.find(({ candidate }) => candidate === 'realNVP');
      expect(recipe).toMatchObject({
        family: 'realNVP',
        partition: 'pairs',
        layers: 8,
        steps: 60,
        heldout_rows: '200',
      });
      expect(recipe?.seconds).toBeGreaterThan(0);
      const manifest = await database.query("SELECT manifest ->> 'family' AS family FROM flowline.model_versions");
      expect(manifest).toEqual([{ family: chosen[0]?.family }]);

      const listed = await listModelCandidates(database.db, { detector: 'readings', version: 1 });
      expect((await read(1)).body.items).toEqual(listed);
      expect(listed.map(({ candidate }) => candidate)).toEqual(rows.map(({ candidate }) => candidate));
      expect((await read(2)).body.code).toBe('FLOWLINE_MODEL_MISSING');

      const { stdout } = await flowline('models', 'candidates', 'readings');
      expect(stdout).toMatch(/candidate +parameters +held-out nats +against the best +seconds +reason/);
      expect(stdout).toContain(`→  ${String(chosen[0]?.candidate)}`);
      const missing = await flowline('models', 'candidates', 'readings', '7');
      expect(missing.stderr).toMatch(/FLOWLINE_MODEL_MISSING[^]*no model version 7/);
    },
    TIMEOUT_MS,
  );

  it(
    'are a Gaussian and a mixture for a history of 100 rows, and none if the family was named',
    async () => {
      const { outcome, shown } = await train(100, { family: 'auto' });
      expect(outcome).toMatchObject({ modelVersion: 1, promoted: true });
      expect(shown.join('')).not.toMatch(/NaN|undefined/);
      const { body } = await read(1);
      expect((body.items as { candidate: string }[]).map(({ candidate }) => candidate).sort()).toEqual([
        'gaussian',
        'mixture',
      ]);

      await applyDetector(database.db, readingsDefinition({ family: 'gaussian' }));
      const parts = { db: database.db, logger: silentLogger, progress: createProgress({ write: () => undefined }) };
      const again = { ...parts, backend: 'wasm', signal: new AbortController().signal } as const;
      await trainOnce(again, { detector: 'readings', scheduledFor: null, promotion: 'always' });
      expect((await read(2)).body.items).toEqual([]);
      expect((await flowline('models', 'candidates', 'readings', '2')).stdout).toMatch(
        /no candidates: the family was named/,
      );

      await applyDetector(database.db, readingsDefinition());
      await expect(
        trainOnce(again, { detector: 'readings', scheduledFor: null, promotion: null }),
      ).rejects.toMatchObject({
        code: 'FLOWLINE_HISTORY_TOO_SMALL',
        remedy: expect.stringContaining('model.family: auto, gaussian or mixture takes histories from 100 rows'),
      });
    },
    TIMEOUT_MS,
  );
});
