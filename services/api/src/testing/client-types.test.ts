import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { routes } from '../routes.ts';
import { clientTypes } from './client-types.ts';

const written = readFileSync(new URL('../../../dashboard/src/client/api-types.ts', import.meta.url), 'utf8');

/** Types by route, without what Prettier chooses. */
const byRoute = (text: string): string[] =>
  text.split(/^ {2}(?='[A-Z]+ \/)/m).map((part) => part.replace(/[\s|;()]+/g, ''));

describe('the types by which the pages call the API', () => {
  it('are those of the table of routes: otherwise run `npm run reference`', () => {
    const expected = byRoute(clientTypes(routes));
    expect(expected).toHaveLength(routes.length + 1);
    const differing = byRoute(written).filter((type) => !expected.includes(type));
    expect(differing.map((type) => type.slice(0, 60))).toEqual([]);
    expect(byRoute(written)).toHaveLength(expected.length);
  });
});
