import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { alertMessageSchema, readFeedbackToken, verdicts } from '@flowline/alerts';
import type { OutboxMessage } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';

import { postableAlerts } from './alertmanager-sink.ts';
import { createSink } from './create-sink.ts';
import { slackMessage } from './slack-sink.ts';
import { startServer } from './testing/http-server.ts';
import { alertMessage, outboxed } from './testing/messages.ts';
import { linksOfSettings, withLinks } from './with-links.ts';

const KEY = 'k'.repeat(32);
const NOW = Date.UTC(2026, 0, 1, 12);
const publicUrl = 'https://flowline.example.org';
const { alertId } = alertMessage();
const page = `${publicUrl}/alerts/${alertId}`;
const linksOf = linksOfSettings({ links: { publicUrl, keys: [KEY] } }, () => NOW);
const pageOnly = linksOfSettings({ links: { publicUrl, keys: [] } });
const linked = { ...alertMessage(), links: linksOf?.(alertId) ?? { page: '' } };
const tokens = verdicts.map((verdict) => new URL(linked.links.feedback?.[verdict] ?? '').searchParams.get('token'));

/** Message as a sink with links gets it. */
async function sent(links: typeof linksOf): Promise<OutboxMessage> {
  const received: OutboxMessage[] = [];
  const sink = {
    name: 'sink',
    send: (messages: readonly OutboxMessage[]) => {
      received.push(...messages);
      return Promise.resolve([]);
    },
    close: () => Promise.resolve(),
  };
  await withLinks(sink, links).send([outboxed(alertMessage())]);
  const [message] = received;
  if (message === undefined) throw new Error('nothing was sent');
  return message;
}

describe('a message with links', () => {
  it('is otherwise the same, fits its schema, and is the same all day', async () => {
    const { value, ...rest } = await sent(linksOf);
    const { value: _, ...stored } = outboxed(alertMessage());
    expect(rest).toEqual(stored);
    const { links, ...others } = alertMessageSchema.parse(JSON.parse(value));
    expect(others).toEqual(alertMessage());
    expect(links).toEqual(linked.links);
    expect(await sent(linksOfSettings({ links: { publicUrl, keys: [KEY] } }, () => NOW + 3_600_000))).toEqual({
      ...rest,
      value,
    });
  });

  it('has the address of its alert alone without a key, and no links without an address', async () => {
    const { value } = await sent(pageOnly);
    expect(alertMessageSchema.parse(JSON.parse(value)).links).toEqual({ page });
    expect(linksOfSettings({ links: { publicUrl: null, keys: [KEY] } })).toBeNull();
    expect((await sent(null)).value).toBe(outboxed(alertMessage()).value);
  });

  it('has links that are valid when it is sent, however late', async () => {
    const late = NOW + 90 * 86_400_000;
    const { value } = await sent(linksOfSettings({ links: { publicUrl, keys: [KEY] } }, () => late));
    const url = new URL(alertMessageSchema.parse(JSON.parse(value)).links?.feedback?.confirmed ?? '');
    const purpose = { alertId, verdict: 'confirmed' } as const;
    const token = url.searchParams.get('token') ?? '';
    expect(readFeedbackToken(token, purpose, { keys: [KEY], nowMs: late }).state).toBe('valid');
  });
});

describe('links of sinks', () => {
  it('are text links of Slack, and are read by no preview', () => {
    const { blocks, unfurl_links } = slackMessage(linked);
    const last = JSON.stringify(blocks.at(-1));
    expect(last).toContain(`<${page}|Open the alert>`);
    expect(last).toContain(`<${page}/feedback/false_alarm?token=${tokens[2] ?? ''}|false alarm>`);
    expect(unfurl_links).toBe(false);
    expect(JSON.stringify(slackMessage({ ...alertMessage(), links: { page } }).blocks)).not.toContain('Was it');
    expect(JSON.stringify(slackMessage(alertMessage()).blocks)).not.toContain('http');
  });

  it('are the generator and annotations of Alertmanager, and no labels', () => {
    const [alert] = postableAlerts(linked, 60_000, NOW);
    expect(alert?.generatorURL).toBe(page);
    expect(alert?.annotations).toMatchObject({ feedback_new_normal: linked.links.feedback?.new_normal });
    expect(JSON.stringify(alert?.labels)).not.toContain('http');
    const [plain] = postableAlerts(alertMessage(), 60_000, NOW);
    expect(JSON.stringify(plain)).not.toMatch(/http|feedback/);
  });

  it('are fields of what files and webhooks get, under the signature of the whole', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'flowline-links-'));
    const file = path.join(folder, 'alerts.ndjson');
    const server = await startServer((_request, response) => response.writeHead(200).end());
    const parts = {
      env: { SECRET: 'a secret' },
      linksOf,
      kafka: () => {
        throw new Error('no broker');
      },
    };
    const webhook = { url: server.url, secret: 'env:SECRET', allow: ['127.0.0.1'], timeout: '5s' };
    for (const spec of [
      { file: { path: file }, retryFor: '1d' },
      { webhook, retryFor: '1d' },
    ]) {
      expect(await createSink('sink', spec, parts).sink.send([outboxed(alertMessage())])).toEqual([]);
    }
    await server.close();
    const written = await readFile(file, 'utf8');
    await rm(folder, { recursive: true });
    const [posted] = server.received;
    for (const text of [written, posted?.body ?? '']) {
      expect(alertMessageSchema.parse(JSON.parse(text)).links).toEqual(linked.links);
    }
    const timestamp = String(posted?.headers['flowline-timestamp']);
    const signature = createHmac('sha256', 'a secret')
      .update(`${timestamp}.${posted?.body ?? ''}`)
      .digest('hex');
    expect(posted?.headers['flowline-signature']).toBe(`v1=${signature}`);
  });

  it('are cut out of what a server repeats in its refusal, however it writes them', async () => {
    const server = await startServer(({ body }, response) => {
      const { links } = JSON.parse(body) as typeof linked;
      const url = links.feedback?.confirmed ?? '';
      response.writeHead(400).end(`bad: ${url.slice(-80)} ${encodeURIComponent(url).slice(-80)}`);
    });
    const webhook = { url: server.url, allow: ['127.0.0.1'], timeout: '5s' };
    const kafka = () => {
      throw new Error('no broker');
    };
    const { sink } = createSink('hook', { webhook, retryFor: '1d' }, { env: {}, linksOf, kafka });
    const [refused] = await sink.send([outboxed(alertMessage())]);
    await server.close();
    expect(String(refused?.error)).toContain('token=…');
    expect(String(refused?.error)).toContain('token%3D…');
    expect(JSON.stringify([String(refused?.error), refused])).not.toContain(tokens[0]?.slice(-43));
  });
});
