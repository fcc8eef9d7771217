import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { openApi, problemStatuses } from './openapi.ts';
import { routeList } from './route-list.ts';
import { routes } from './routes.ts';

const page = readFileSync(new URL('../../../docs/reference/api.md', import.meta.url), 'utf8');
/** Text without the spaces by which a formatter aligns tables. */
const plain = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---').trim();

describe('the reference of the API', () => {
  it('lists every route as the table has it', () => {
    const [, listed = ''] = /<!-- routes:[^>]*-->([\s\S]*)<!-- \/routes -->/.exec(page) ?? [];
    expect(plain(listed)).toBe(plain(routeList(routes)));
  });
});

describe('the route table', () => {
  it('has each method and path once, and names for all', () => {
    const names = routes.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(names).size).toBe(names.length);
    const { paths } = openApi(routes) as { paths: Record<string, Record<string, { operationId: string }>> };
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(names.length);
  });

  it('lets nobody without a scope change anything', () => {
    const open = routes.filter(({ scope }) => scope === null);
    expect(open.every(({ method }) => method === 'GET')).toBe(true);
    const reading = routes.filter(({ scope, method }) => scope === 'read' && method !== 'GET');
    expect(reading.map(({ path }) => path.split('/').at(-1))).toEqual([
      ...['diff', 'validate', 'preview', 'score', 'explain', 'sample', 'conditional', 'what-if', 'dry-run'],
    ]);
  });

  it('documents the refusals of every route that needs a token', () => {
    for (const route of routes.filter(({ scope }) => scope !== null)) {
      expect(problemStatuses(route)).toEqual(expect.arrayContaining([400, 401, 403, 429]));
    }
  });
});
