import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';

import { at } from '@flowline/events';
import { afterEach, describe, expect, it } from '@jest/globals';

import { retryAfterMs } from './post.ts';
import { type Received, startServer, type TestServer } from './testing/http-server.ts';
import { outboxMessages } from './testing/messages.ts';
import { createWebhookSink, type WebhookOptions } from './webhook-sink.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serving(answer: (request: Received, response: ServerResponse) => void): Promise<TestServer> {
  const server = await startServer(answer);
  servers.push(server);
  return server;
}

const webhook = (url: string, changes: Partial<WebhookOptions> = {}) =>
  createWebhookSink({
    ...{ name: 'hook', url, secret: 'a secret', allow: ['127.0.0.1', 'localhost'] },
    ...{ connectTimeoutMs: 5_000, timeoutMs: 10_000, ...changes },
  });

const answering = (status: number, headers: Record<string, string> = {}, body = '') =>
  serving((_request, response) => response.writeHead(status, headers).end(body));

describe('a webhook', () => {
  it('gets the message itself, its id as the idempotency key, and a signature over time and body', async () => {
    const { url, received } = await answering(204);
    const [message] = outboxMessages(1);
    expect(await webhook(url, { now: () => 1_800_000_000_123 }).send(outboxMessages(1))).toEqual([]);
    const [{ method, headers, body } = { method: '', headers: {}, body: '' }] = received;
    expect([method, body]).toEqual(['POST', message?.value]);
    const signature = createHmac('sha256', 'a secret').update(`1800000000.${body}`).digest('hex');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': message?.messageId,
      'flowline-timestamp': '1800000000',
      'flowline-signature': `v1=${signature}`,
    });
  });

  it('is tried again after failures that pass, and not after those that do not', async () => {
    const refused: number[] = [];
    const later: number[] = [];
    for (const status of [301, 307, 400, 401, 403, 404, 408, 410, 413, 422, 425, 429, 500, 502, 503]) {
      const [undelivered] = await webhook((await answering(status)).url).send(outboxMessages(1));
      (undelivered?.refused === true ? refused : later).push(status);
    }
    expect(refused).toEqual([301, 307, 400, 401, 403, 404, 410, 413, 422]);
    expect(later).toEqual([408, 425, 429, 500, 502, 503]);
  });

  it('says how long it wants to be left alone', async () => {
    const sink = webhook((await answering(429, { 'retry-after': '7' })).url);
    expect(await sink.send(outboxMessages(1))).toMatchObject([{ refused: false, retryAfterMs: 7_000 }]);
    const now = Date.UTC(2026, 0, 1);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
    expect(retryAfterMs('soon', now)).toBeNull();
    expect(retryAfterMs('Thu, 01 Jan 2020 00:00:00 GMT', now)).toBe(0);
  });

  it('does not follow a redirect', async () => {
    const other = await answering(204);
    const { url } = await answering(302, { location: other.url });
    expect(await webhook(url).send(outboxMessages(1))).toMatchObject([{ refused: true }]);
    expect(other.received).toEqual([]);
  });

  it('tells apart what a server takes, fails, refuses and never answers', async () => {
    let requests = 0;
    const { url } = await serving((_request, response) => {
      const kind = requests++ % 4;
      if (kind === 3) return;
      response.writeHead(at([200, 500, 410], kind)).end();
    });
    const undelivered = await webhook(url, { timeoutMs: 300 }).send(outboxMessages(16));
    expect(undelivered.filter(({ refused }) => refused)).toHaveLength(4);
    expect(undelivered.filter(({ refused }) => !refused)).toHaveLength(8);
    expect(undelivered.map(({ error }) => String(error)).filter((text) => text.includes('timeout'))).toHaveLength(4);
  });

  it('gives up on a server that sends a response without end', async () => {
    const { url } = await serving((_request, response) => {
      response.writeHead(400);
      const timer = setInterval(() => response.write('x'.repeat(500)), 5);
      response.on('close', () => clearInterval(timer));
    });
    expect(await webhook(url).send(outboxMessages(1))).toMatchObject([{ refused: true }]);
  });

  it('is not connected to at an internal address that is not allowed, by whatever name', async () => {
    const { url, received } = await answering(204);
    for (const address of [url, url.replace('127.0.0.1', 'localhost'), url.replace('127.0.0.1', '[::ffff:7f00:1]')]) {
      const [undelivered] = await webhook(address, { allow: ['other.example'] }).send(outboxMessages(1));
      expect(undelivered).toMatchObject({ refused: false, error: { code: 'FLOWLINE_SINK_ADDRESS' } });
    }
    expect(received).toEqual([]);
    expect(await webhook(url.replace('127.0.0.1', 'localhost')).send(outboxMessages(1))).toEqual([]);
  });

  it('keeps the parts of its address out of its errors, in whatever a server repeats', async () => {
    const server = await serving((request, response) => {
      response.writeHead(403).end(`Cannot POST ${request.path}; key=${request.path.replace(/^.*=/, '')}`);
    });
    const url = new URL('/hook?key=token-5678', server.url).href;
    const [failed] = await webhook(url).send(outboxMessages(1));
    expect(String(failed?.error)).toContain('403: Cannot POST …; key=…');
    expect(String(failed?.error)).not.toContain('token-5678');
  });

  it('keeps secrets out of its errors', async () => {
    const server = await serving((request, response) => response.writeHead(403).end(`no ${request.path} a secret`));
    const said = [
      ...(await webhook(server.url).send(outboxMessages(1))),
      ...(await webhook('http://127.0.0.1:1/token-1234').send(outboxMessages(1))),
    ].map(({ error }) => JSON.stringify([String(error), error]));
    expect(said).toHaveLength(2);
    for (const text of said) expect(text).not.toMatch(/token-1234|a secret/);
    expect(said[0]).toContain('403: no … …');
    expect(said[1]).toContain('ECONNREFUSED');
  });
});
