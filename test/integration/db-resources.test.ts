import { parseDetector, storedDefinition } from '@flowline/config';
import {
  applyDetector,
  applyResource,
  getResource,
  removeResource,
  reportResourceFault,
  resourcesInForce,
  resourceVersions,
} from '@flowline/db';
import { removeUnusedResource } from '@flowline/operations/documents';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
});
afterAll(() => postgres.stop());

const rule = (name: string, when: string, appliedBy?: string) => ({
  ...{ kind: 'Rule', name, spec: { when, then: { suppress: true } } },
  ...(appliedBy === undefined ? {} : { appliedBy }),
});

const naming = (sink: string) => `
apiVersion: flowline/v1
kind: Detector
metadata: { name: payments }
spec:
  source: { kafka: { topic: payments }, time: { field: ts, unit: ms }, eventId: id }
  history: { query: select 1, timeColumn: ts }
  features: [{ name: a, type: real }]
  training: { data: clean }
  decision: { control: { alpha: 0.01 } }
  alerts: { sinks: [${sink}] }
`;

describe('resources', () => {
  it('keep every version that was applied, and do not change when nothing has', async () => {
    const { db } = database;
    expect(await applyResource(db, rule('a', 'true', 'ann'))).toEqual({ version: 1, changed: true });
    expect(await applyResource(db, rule('a', 'true'))).toEqual({ version: 1, changed: false });
    expect(await applyResource(db, rule('a', 'false'))).toEqual({ version: 2, changed: true });
    await applyResource(db, { ...rule('a', 'true'), kind: 'Sink' });
    expect(await resourcesInForce(db, 'Rule')).toMatchObject([{ name: 'a', version: 2, spec: { when: 'false' } }]);
    const versions = await resourceVersions(db, { kind: 'Rule', name: 'a' });
    expect(versions.map(({ version, spec }) => [version, spec])).toEqual([
      [2, rule('a', 'false').spec],
      [1, rule('a', 'true').spec],
    ]);
    expect(versions[1]?.appliedBy).toBe('ann');
  });

  it('come back with a new version after they were removed', async () => {
    const { db } = database;
    await applyResource(db, rule('gone', 'true'));
    await removeResource(db, { kind: 'Rule', name: 'gone' });
    expect((await resourcesInForce(db, 'Rule')).map(({ name }) => name)).not.toContain('gone');
    await expect(removeResource(db, { kind: 'Rule', name: 'gone' })).rejects.toMatchObject({
      code: 'FLOWLINE_RESOURCE_MISSING',
      where: 'Rule gone',
    });
    expect(await applyResource(db, rule('gone', 'true'))).toEqual({ version: 2, changed: true });
  });

  it('are applied once by two at a time', async () => {
    const { db } = database;
    const applied = await Promise.all(Array.from({ length: 4 }, () => applyResource(db, rule('race', 'true'))));
    expect(applied.filter(({ changed }) => changed)).toHaveLength(1);
    expect(applied.every(({ version }) => version === 1)).toBe(true);
  });

  /** Applies a document that is stored as late as possible, and meanwhile removes a resource. */
  async function removedMeanwhile(
    versions: 'detector_versions' | 'resource_versions',
    resource: { readonly kind: string; readonly name: string },
    apply: () => Promise<unknown>,
  ) {
    const client = await database.client();
    await client.query('BEGIN');
    // Others can read the versions, and cannot add one.
    await client.query(`LOCK TABLE flowline.${versions} IN SHARE MODE`);
    const applied = apply();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const removed = removeUnusedResource(database.db, resource).then(
      () => 'removed',
      (error: unknown) => error,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await client.query('COMMIT');
    await applied;
    return removed;
  }

  it('are not removed while a document that names them is being applied', async () => {
    const { db } = database;
    const calendar = { timezone: 'UTC', events: [{ start: '2026-01-01', duration: '1d' }] };
    await applyResource(db, { kind: 'Calendar', name: 'nights', spec: calendar });
    const nights = { kind: 'Calendar', name: 'nights' };
    expect(
      await removedMeanwhile('resource_versions', nights, () => applyResource(db, rule('quiet', 'calendar.nights'))),
    ).toMatchObject({ code: 'FLOWLINE_CONFLICT', message: 'The calendar nights is used by rule quiet.' });
    await applyResource(db, { kind: 'Sink', name: 'oncall', spec: { file: { path: '/tmp/alerts' }, retryFor: '1d' } });
    const oncall = { kind: 'Sink', name: 'oncall' };
    const definition = parseDetector(naming('oncall'), 'payments.yaml');
    expect(
      await removedMeanwhile('detector_versions', oncall, () => applyDetector(db, storedDefinition(definition))),
    ).toMatchObject({ code: 'FLOWLINE_CONFLICT', message: 'The sink oncall is used by detector payments.' });
    await removeResource(db, { kind: 'Rule', name: 'quiet' });
    await removeUnusedResource(db, nights);
    expect((await resourcesInForce(db, 'Calendar')).map(({ name }) => name)).not.toContain('nights');
  });

  it('tell of the first fault of the version in force', async () => {
    const { db } = database;
    const name = { kind: 'Rule', name: 'faulty' };
    await applyResource(db, rule('faulty', 'x.a > 1'));
    await reportResourceFault(db, { ...name, version: 1, message: 'no such key: a' });
    await reportResourceFault(db, { ...name, version: 1, message: 'another' });
    expect((await getResource(db, name)).fault).toBe('no such key: a');
    await applyResource(db, rule('faulty', 'x.b > 1'));
    expect((await getResource(db, name)).fault).toBeNull();
  });
});
