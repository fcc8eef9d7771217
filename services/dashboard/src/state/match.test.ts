import { describe, expect, it } from '@jest/globals';

import { matchPath } from './match.ts';

describe('matchPath', () => {
  it('finds the names of a path, decoded', () => {
    expect(matchPath('/detectors/:name/models', '/detectors/a%20b/models')).toEqual({ name: 'a b' });
    expect(matchPath('/', '/')).toEqual({});
  });

  it.each(['/detectors', '/detectors//models', '/detectors/a/models/1', '/detectors/%E0%A4%A/models'])(
    'does not match %s',
    (path) => {
      expect(matchPath('/detectors/:name/models', path)).toBeNull();
    },
  );
});
