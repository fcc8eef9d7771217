import { createToken, getDetector, listAudit, listTokens, pageEnd, revokeToken, tokenScopes } from '@flowline/db';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { badRequest } from '../invalid-request.ts';
import { type Route, route } from '../route.ts';
import { detectorName, page, pageOf, rowId, text, time } from '../schemas.ts';

const tag = 'access';

const token = z.strictObject({
  tokenId: z.int(),
  name: z.string(),
  scope: z.enum(tokenScopes),
  detectors: z.array(z.string()).nullable().describe('The only detectors that it is for; null for all.'),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  lastUsedAt: time.nullable(),
});
const newToken = z.strictObject({
  name: text.max(100).describe('Name for people, shown in the audit log.'),
  scope: z.enum(tokenScopes).describe('`read`; `operate`, which may also act; or `admin`.'),
  detectors: z
    .array(detectorName)
    .min(1)
    .max(100)
    .nullable()
    .describe('The only detectors that it is for.')
    .default(null),
  expiresAt: z.iso.datetime({ offset: true }).nullable().describe('Time of its end.').default(null),
});
const entry = z.strictObject({
  auditId: z.int(),
  at: time,
  actor: z.string().describe('Name of the token at that time.'),
  tokenId: z.int().nullable(),
  action: z.string(),
  target: z.string(),
  detector: z.string().nullable(),
  requestId: z.string(),
  outcome: z.int().describe('HTTP status of the response.'),
});
const position = z.int().positive();

/** Routes of tokens and of the audit log. */
export const accessRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/tokens', tag, scope: 'admin', detector: 'all' },
    summary: 'List tokens, newest first, without their texts.',
    query: z.strictObject(page),
    replies: { 200: { description: 'A page of tokens.', schema: pageOf(token) } },
    handle: async ({ query: { limit, cursor } }, { db }) => {
      const before = fromCursor(cursor, position);
      const items = await listTokens(db, { limit, ...(before === undefined ? {} : { before }) });
      const end = pageEnd(items, limit)?.tokenId ?? null;
      return { status: 200, body: { items, next: toCursor(end) } };
    },
  }),
  route({
    ...{ method: 'POST', path: '/v1/tokens', tag, scope: 'admin', detector: 'all', repeatable: false },
    summary: 'Create a token. Its text is in this response and nowhere else.',
    body: newToken,
    problems: [404],
    replies: {
      201: { description: 'The token.', schema: z.strictObject({ text: z.string(), token }) },
    },
    handle: async ({ body: { name, scope, detectors, expiresAt } }, { db }) => {
      for (const detector of detectors ?? []) await getDetector(db, detector);
      const end = expiresAt === null ? null : new Date(expiresAt);
      if (end !== null && end.getTime() <= Date.now())
        throw badRequest('body', 'expiresAt has passed.', 'Send a time ahead.');
      return { status: 201, body: await createToken(db, { name, scope, detectors, expiresAt: end }) };
    },
  }),
  route({
    ...{ method: 'DELETE', path: '/v1/tokens/{tokenId}', tag, scope: 'admin', detector: 'all' },
    summary: 'Revoke a token, at once.',
    params: z.strictObject({ tokenId: rowId('Id of the token.') }),
    replies: { 200: { description: 'It is revoked.', schema: token } },
    handle: async ({ params: { tokenId } }, { db }) => ({ status: 200, body: await revokeToken(db, tokenId) }),
  }),
  route({
    ...{ method: 'GET', path: '/v1/audit', tag, scope: 'admin', detector: 'all' },
    summary: 'List the requests that changed something, done or refused, newest first.',
    query: z.strictObject(page),
    replies: { 200: { description: 'A page of entries.', schema: pageOf(entry) } },
    handle: async ({ query: { limit, cursor } }, { db }) => {
      const before = fromCursor(cursor, position);
      const items = await listAudit(db, { limit, ...(before === undefined ? {} : { before }) });
      const end = pageEnd(items, limit)?.auditId ?? null;
      return { status: 200, body: { items, next: toCursor(end) } };
    },
  }),
];
