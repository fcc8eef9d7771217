import { describe, expect, it } from '@jest/globals';

import type { Queryable } from './database.ts';
import { execute, many, maybe, one } from './statement.ts';

type Sent = Parameters<Queryable['query']>;

/** Connection that returns the same rows for every statement, and keeps what it was sent. */
function connection(...rows: unknown[]): Queryable & { readonly sent: Sent[] } {
  const sent: Sent[] = [];
  const query = (...statement: Sent) => {
    sent.push(statement);
    return Promise.resolve({ rows, rowCount: rows.length });
  };
  return { query, sent };
}

interface Name {
  name: string;
}
const TEXT = 'SELECT name FROM detectors WHERE name = :name AND version = :version';
type Key = Name & { version: number | null };
const key = { name: 'checkout', version: null };

const selectOne = one<Name, Key>(TEXT);
const selectMaybe = maybe<Name, Key>(TEXT);
const selectMany = many<Name, Key>(TEXT);

describe('a statement', () => {
  it.each([selectMaybe, selectMany, execute<Key>(TEXT)])(
    'is sent with its values in the order of its text, unnamed',
    async (statement) => {
      const client = connection();
      await statement(client, key);
      expect(client.sent).toEqual([
        ['SELECT name FROM detectors WHERE name = $1 AND version = $2', ['checkout', null]],
      ]);
    },
  );

  it('needs no parameters if its text has none', async () => {
    const client = connection({ name: 'checkout' });
    expect(await many<Name>('SELECT name FROM detectors')(client)).toEqual([{ name: 'checkout' }]);
    expect(client.sent).toEqual([['SELECT name FROM detectors', []]]);
  });

  it('does not send null for a parameter without a value', async () => {
    const client = connection();
    const misspelt = many<Name, { nmae: string }>('SELECT :name');
    await expect(misspelt(client, { nmae: 'checkout' })).rejects.toThrow('SELECT :name has no value for :name');
    expect(client.sent).toEqual([]);
  });
});

const NO_ROW = `${TEXT} returned 0 rows instead of one`;
const TWO_ROWS = `${TEXT} returned 2 rows instead of one`;

describe.each([
  [0, [], NO_ROW, null],
  [1, [{ name: 'a' }], { name: 'a' }, { name: 'a' }],
  [2, [{ name: 'a' }, { name: 'b' }], TWO_ROWS, TWO_ROWS],
])('of %i rows', (_count, rows, asOne, asMaybe) => {
  const outcome = (result: Promise<unknown>) => result.catch((error: unknown) => (error as Error).message);

  it('one gives the row, or throws', async () => {
    expect(await outcome(selectOne(connection(...rows), key))).toEqual(asOne);
  });

  it('maybe gives the row or null, or throws', async () => {
    expect(await outcome(selectMaybe(connection(...rows), key))).toEqual(asMaybe);
  });

  it('many gives them all', async () => {
    expect(await outcome(selectMany(connection(...rows), key))).toEqual(rows);
  });

  it('execute gives nothing', async () => {
    expect(await outcome(execute<Key>(TEXT)(connection(...rows), key))).toBeUndefined();
  });
});
