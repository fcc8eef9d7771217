import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import { claimRequest, type Database, type RequestKey, settleRequest } from '@flowline/db';
import type { FastifyRequest } from 'fastify';

import type { Caller } from './caller.ts';
import { badRequest } from './invalid-request.ts';
import type { Reply, Route } from './route.ts';

/** Response as it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON or other text, bytes, or a stream of text. */
  readonly body: string | Buffer | Readable;
}

/** Converts a reply to a response. */
function answerOf({ status, body, headers = {} }: Reply): Answer {
  if (Buffer.isBuffer(body) || body instanceof Readable) return { status, headers, body };
  const isText = typeof body === 'string' && headers['content-type'] !== undefined;
  return { status, headers, body: isText ? body : JSON.stringify(body) };
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs the handler of a POST with an Idempotency-Key once: a repeat of the request within a day
 * gets the first response, with the header `idempotency-replayed`. A request that fails releases
 * its key.
 * @throws FlowlineError FLOWLINE_CONFLICT for a key of another request or of one that is under way.
 */
export async function answerOnce(
  db: Database,
  {
    route,
    request,
    caller,
  }: { readonly route: Route; readonly request: FastifyRequest; readonly caller: Caller | null },
  handle: () => Promise<Reply>,
): Promise<Answer> {
  const key = request.headers['idempotency-key'];
  const isKeyed = route.method === 'POST' && route.repeatable !== false && key !== undefined && caller !== null;
  if (!isKeyed) return answerOf(await handle());
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw badRequest('Idempotency-Key', 'The key is not 1 to 255 printable characters.', 'Send a UUID, for example.');
  }
  const named: RequestKey = { tokenId: caller.token.tokenId, key };
  const first = await claimRequest(db, named, hashOf(request));
  if (first !== null) {
    const { status, headers, body } = first;
    return { status, headers: { ...headers, 'idempotency-replayed': 'true' }, body };
  }
  try {
    const answer = answerOf(await handle());
    const { status, headers, body } = answer;
    await settleRequest(db, named, typeof body === 'string' ? { status, headers, body } : null);
    return answer;
  } catch (error) {
    // A key that cannot be released is free again after a minute.
    await settleRequest(db, named, null).catch(() => undefined);
    throw error;
  }
}

function hashOf({ method, url, body }: FastifyRequest): Buffer {
  const hash = createHash('sha256').update(`${method} ${url}\n`);
  if (Buffer.isBuffer(body)) hash.update(body);
  return hash.digest();
}
