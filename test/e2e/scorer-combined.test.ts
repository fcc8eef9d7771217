import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { parseDetector } from '@flowline/config';
import { applyDetector, loadChampion } from '@flowline/db';
import { loadBundle } from '@flowline/detector';
import { Random } from '@flowline/flows';
import { silentLogger } from '@flowline/telemetry';
import { createProgress, trainOnce } from '@flowline/trainer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startScorer } from '../support/scorer-process.ts';

const SENSORS = 8;
const names = Array.from({ length: SENSORS }, (_, i) => `s${i}`);
const yaml = `
apiVersion: flowline/v1
kind: Detector
metadata: { name: plant }
spec:
  source: { time: { field: ts, unit: iso }, eventId: id }
  history: { query: 'select * from plant', timeColumn: ts }
  features: [${names.map((name) => `{ name: ${name}, type: real }`).join(', ')}]
  model: { seed: 1, budget: { steps: 300 } }
  training: { data: clean }
  decision: { test: combined, control: { alpha: 0.005 } }
`;

/** Events whose sensors follow a common factor, or all stand at their means. */
function events(count: number, seed: number, kind: 'normal' | 'stuck') {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const factor = random.normal();
    const values = names.map((name) => [name, kind === 'stuck' ? 20 : 20 + factor + random.normal()]);
    const ts = new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString();
    return { id: `${kind}-${seed}-${i}`, ts, ...(Object.fromEntries(values) as Record<string, number>) };
  });
}

describe('a detector of the combined test', () => {
  let postgres: TestPostgres;
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-combined-'));

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 120_000);
  afterAll(async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });

  it('is trained from its definition, and stores which component raised an anomaly, in words too', async () => {
    const database = await postgres.createDatabase();
    const columns = names.map((name) => `${name} double precision`).join(', ');
    await database.query(`CREATE TABLE plant (id text, ts timestamptz, ${columns})`);
    await database.query('INSERT INTO plant SELECT * FROM json_populate_recordset(NULL::plant, $1::json)', [
      JSON.stringify(events(12_000, 1, 'normal')),
    ]);
    await applyDetector(database.db, parseDetector(yaml, 'plant.yaml'));
    const progress = createProgress({ write: () => undefined });
    const { signal } = new AbortController();
    await trainOnce(
      { db: database.db, logger: silentLogger, progress, backend: 'wasm', signal },
      { detector: 'plant', scheduledFor: null, promotion: null },
    );
    const { bytes, sha256 } = await loadChampion(database.db, 'plant');
    const { statistic } = loadBundle(bytes, sha256);
    if (statistic?.test !== 'combined') throw new Error(`the test is ${statistic?.test ?? 'density'}`);
    expect(statistic.components.map(({ name }) => name)).toEqual([
      ...['low_density', 'high_density', 'extreme_latent', 'extreme_value', 'distant'],
    ]);

    const file = path.join(folder, 'events.ndjson');
    const lines = [...events(4_000, 2, 'normal'), ...events(20, 3, 'stuck')];
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const scorer = startScorer(['--detector', 'plant', '--source', `ndjson:${file}`, '--alerts', 'none', '--json'], {
      FLOWLINE_DATABASE_URL: database.url,
    });
    expect(await scorer.ended).toBe(0);
    const stuck = await database.query(
      `SELECT reason, summary, p_value <= 0.005 AS rare FROM flowline.v1_anomalies WHERE event_id LIKE 'stuck%'`,
    );
    expect(stuck).toHaveLength(20);
    for (const anomaly of stuck) {
      expect(anomaly).toEqual({
        reason: 'high_density',
        summary: expect.stringContaining('all values are closer to those expected than in normal events'),
        rare: true,
      });
    }
    const [normal] = await database.query(
      `SELECT count(*)::integer AS n FROM flowline.v1_anomalies WHERE event_id LIKE 'normal%'`,
    );
    expect(Number(normal?.n)).toBeLessThan(45);
  }, 240_000);
});
