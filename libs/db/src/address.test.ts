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

  it('does not quote what it cannot read', () => {
    expect(() => databaseAddress('s3cret')).toThrow(expect.not.stringContaining('s3cret'));
  });
});
