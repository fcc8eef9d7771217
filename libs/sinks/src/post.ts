import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

import { checkHost, guardedLookup } from './addresses.ts';

/** HTTP server that a sink posts to. */
export interface HttpTarget {
  /** Address, `http:` or `https:`. It may hold a secret: errors do not quote it. */
  readonly url: string;
  /** Names and addresses of internal hosts that the sink may connect to. */
  readonly allow: readonly string[];
  /** Time for a connection, and for the whole of a request. */
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  /** Cancels requests in progress. */
  readonly signal?: AbortSignal;
}

/** Response to a request: its status, and the start of its body. */
export interface PostResponse {
  readonly status: number;
  /** Time after which the server wants to be asked again; null if it does not say. */
  readonly retryAfterMs: number | null;
  readonly excerpt: string;
}

/** Bytes of a response that are read: enough for a reason. */
const EXCERPT_BYTES = 1_000;

/**
 * Posts JSON. Redirects are not followed. The address is checked when the connection is made.
 * @throws the error of the connection, an AbortError or a TimeoutError.
 */
export async function post(
  { url: address, allow, connectTimeoutMs, timeoutMs, signal: cancelled }: HttpTarget,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<PostResponse> {
  const url = new URL(address);
  checkHost(url.hostname, allow);
  const bytes = Buffer.from(body);
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = cancelled === undefined ? timeout : AbortSignal.any([cancelled, timeout]);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers, 'content-length': bytes.length },
      lookup: guardedLookup(allow),
      agent: false,
      signal,
    });
    const connecting = setTimeout(() => request.destroy(new ConnectTimeout()), connectTimeoutMs);
    request.on('socket', (socket) => {
      const connected = (): void => clearTimeout(connecting);
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
    });
    request.on('error', reject);
    request.on('close', () => clearTimeout(connecting));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = (): void => {
        resolve({
          status: response.statusCode ?? 0,
          retryAfterMs: retryAfterMs(response.headers['retry-after']),
          excerpt: Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString('utf8'),
        });
        request.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= EXCERPT_BYTES) done();
      });
      response.on('end', done);
      response.on('error', reject);
    });
    request.end(bytes);
  });
}

/** A connection that took too long. */
class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT';
}

/** Time that a Retry-After header asks for, in seconds or as a date; null for none. */
export function retryAfterMs(header: string | undefined, nowMs = Date.now()): number | null {
  if (header === undefined) return null;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** Cancels what a sink has in progress; it is sent again later. */
export function cancel(closing: AbortController): Promise<void> {
  closing.abort();
  return Promise.resolve();
}
