import { describe, expect, it } from '@jest/globals';

import { databaseAddress } from './address.ts';

describe('databaseAddress', () => {
  it.each([
    ['postgres://u:p%40ss@db.example:6543/flow', 'db.example:6543/flow'],
    ['postgresql://u@localhost/flow%20line', 'localhost:5432/flow line'],
    ['postgres:///flow?host=/var/run/postgresql', '/var/run/postgresql:5432/flow'],
  ])('%s is at %s', (url, address) => {
    expect(databaseAddress(url)).toBe(address);
  });

  it.each(['s3cret', 'postgres://u:a@s3cret/x@db/flow', 'postgres://u:a@s3cret?x@db/flow', 'postgres://h/s3cret%zz'])(
    'does not quote %s, which it cannot read',
    (url) => {
      expect(() => databaseAddress(url)).toThrow(expect.objectContaining({ code: 'FLOWLINE_CONFIG_INVALID' }));
      expect(() => databaseAddress(url)).toThrow(expect.not.stringContaining('s3cret'));
    },
  );
});
