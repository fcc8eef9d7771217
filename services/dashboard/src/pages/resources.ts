import { call, type Item, type Reply } from '../client/call.ts';

/** Kind of resource that is edited on a page. */
export type Folder = 'rules' | 'calendars';

/** Words for each kind, and the routes of it. */
export const folders = {
  rules: {
    kind: 'Rule',
    noun: 'rule',
    sub: 'What is done with anomalies that meet a condition: suppressed, downgraded, labelled, not trained on.',
    list: 'GET /v1/rules',
    text: 'GET /v1/rules/{name}/document',
    put: 'PUT /v1/rules/{name}',
    remove: 'DELETE /v1/rules/{name}',
  },
  calendars: {
    kind: 'Calendar',
    noun: 'calendar',
    sub: 'Times at which anomalies raise no alerts, or that models do not learn from.',
    list: 'GET /v1/calendars',
    text: 'GET /v1/calendars/{name}/document',
    put: 'PUT /v1/calendars/{name}',
    remove: 'DELETE /v1/calendars/{name}',
  },
} as const;

/** Rule or calendar of a list. */
export type Resource = Item<'GET /v1/rules'>;

/** Lists resources in force, page by page. */
export const listResources = (
  folder: Folder,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Reply<'GET /v1/rules'>> => call(folders[folder].list, { query: { limit: 50, cursor }, signal });

/** Reads a resource in force as a file. */
export const readText = (
  folder: Folder,
  name: string,
  signal: AbortSignal,
): Promise<Reply<'GET /v1/rules/{name}/document'>> => call(folders[folder].text, { params: { name }, signal });

/** Puts a file in force; with a version, only in place of that one, and else only if it is new. */
export const putText = (
  folder: Folder,
  name: string,
  text: string,
  version: number | null,
): Promise<Reply<'PUT /v1/rules/{name}'>> =>
  call(folders[folder].put, {
    params: { name },
    body: text,
    headers: version === null ? { 'if-none-match': '*' } : { 'if-match': `"${version}"` },
  });

/** Takes a version of a resource out of force. */
export const removeResource = (folder: Folder, name: string, version: number): Promise<unknown> =>
  call(folders[folder].remove, { params: { name }, headers: { 'if-match': `"${version}"` } });
