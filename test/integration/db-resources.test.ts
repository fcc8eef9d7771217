import {
  applyResource,
  getResource,
  removeResource,
  reportResourceFault,
  resourcesInForce,
  resourceVersions,
} from '@flowline/db';
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
