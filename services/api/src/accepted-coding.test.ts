import { describe, expect, it } from '@jest/globals';

import { acceptedCoding } from './accepted-coding.ts';

describe('the coding of a response', () => {
  it.each<[string | undefined, ReturnType<typeof acceptedCoding>]>([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['deflate, zstd', null],
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['GZIP', 'gzip'],
    ['br;q=0.5, gzip', 'gzip'],
    ['br; q=0, gzip;q=0.1', 'gzip'],
    ['gzip;q=0', null],
    ['br;q=high', null],
    ['*', 'br'],
    ['*;q=0.5, br;q=0', 'gzip'],
    ['identity, gzip;q=0.5', null],
    ['identity;q=0.5, gzip', 'gzip'],
    ['x-br, xgzip', null],
  ])('by Accept-Encoding: %s is %s', (header, coding) => {
    expect(acceptedCoding(header)).toBe(coding);
  });
});
