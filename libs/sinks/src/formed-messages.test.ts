import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { alertMessageSchema } from '@flowline/alerts';
import { describe, expect, it } from '@jest/globals';

import { createAlertmanagerSink, postableAlerts } from './alertmanager-sink.ts';
import { createFileSink } from './file-sink.ts';
import { createSlackSink, slackMessage } from './slack-sink.ts';
import { startServer } from './testing/http-server.ts';
import { alertMessage, outboxMessages } from './testing/messages.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const target = { allow: ['127.0.0.1'], connectTimeoutMs: 5_000, timeoutMs: 5_000 };

describe('alerts of Alertmanager', () => {
  it('have bounded labels, and end some intervals from now while they are open', () => {
    const event = { ...alertMessage().event, entity: 'e'.repeat(5_000) };
    const [alert, ...others] = postableAlerts(alertMessage({ event }), 60_000, NOW);
    expect(others).toEqual([]);
    const { entity, ...labels } = alert?.labels ?? {};
    expect(labels).toEqual({
      ...{ alertname: 'FlowlineAnomaly', detector: 'checkout', kind: 'density', severity: 'major' },
      fingerprint: alertMessage().fingerprint,
    });
    expect(entity).toHaveLength(200);
    expect(alert).toMatchObject({ startsAt: '2026-01-01T00:00:00.000Z', endsAt: '2026-01-01T01:04:00.000Z' });
  });

  it('end when they are resolved, and under the milder severities that they had', () => {
    const ends = (state: 'escalated' | 'resolved') =>
      postableAlerts(alertMessage({ state }), 60_000, NOW).map(({ labels, endsAt }) => [labels.severity, endsAt]);
    const now = '2026-01-01T01:00:00.000Z';
    expect(ends('escalated')).toEqual([
      ['info', now],
      ['warning', now],
      ['major', '2026-01-01T01:04:00.000Z'],
    ]);
    expect(ends('resolved')).toEqual([
      ['info', now],
      ['warning', now],
      ['major', now],
    ]);
  });

  it('do not start in the future, which Alertmanager would not let end', () => {
    const [alert] = postableAlerts(
      alertMessage({ state: 'resolved', severity: 'info', firstSeen: '2026-01-01T02:00:00Z' }),
      1,
      NOW,
    );
    expect(Date.parse(alert?.startsAt ?? '')).toBeLessThan(Date.parse(alert?.endsAt ?? ''));
  });

  it('are refused alone if one of a request is', async () => {
    const server = await startServer(({ body }, response) => {
      const alerts = JSON.parse(body) as { annotations: { alertId: string } }[];
      const isBad = alerts.some(({ annotations }) => annotations.alertId === bad);
      response.writeHead(isBad ? 400 : 200).end();
    });
    const messages = outboxMessages(3);
    const bad = alertMessageSchema.parse(JSON.parse(messages[1]?.value ?? '')).alertId;
    const options = { ...target, name: 'am', url: `${server.url}/`, token: 't', resendAfterMs: 60_000 };
    const undelivered = await createAlertmanagerSink(options).send(messages);
    await server.close();
    expect(undelivered).toMatchObject([{ messageId: messages[1]?.messageId, refused: true }]);
    expect(server.received[0]).toMatchObject({ path: '/hook/token-1234/api/v2/alerts' });
    expect(server.received[0]?.headers.authorization).toBe('Bearer t');
  });
});

describe('messages of Slack', () => {
  it('have the one line, the contributions as bars, and no markup from events', () => {
    const { text, blocks } = slackMessage(alertMessage({ summary: 'speed 9 <!channel> & more' }));
    expect(text).toContain('speed 9 &lt;!channel&gt; &amp; more');
    const written = JSON.stringify(blocks);
    expect(written).toContain('latency_ms ████████████████████ 18.9 bits high');
    expect(written).toContain('amount     █████                4.5 bits unlikely');
    expect(written).not.toContain('<!channel>');
  });

  it('say what they count', () => {
    const counted = (changes: Parameters<typeof alertMessage>[0]) =>
      /"text":"([\d,]+ \w+), /.exec(JSON.stringify(slackMessage(alertMessage(changes)).blocks))?.[1];
    expect(counted({ count: 1 })).toBe('1 anomaly');
    expect(counted({ kind: 'out_of_domain', count: 1_200 })).toBe('1,200 anomalies');
    expect(counted({ kind: 'absence', count: 1 })).toBe('1 silence');
    expect(counted({ kind: 'absence', count: 2 })).toBe('2 silences');
    expect(counted({ kind: 'storm', count: 60 })).toBe('60 openings');
  });

  it('leave out the bars where there is no explanation', () => {
    const { blocks } = slackMessage(alertMessage({ contributions: [], explanation: 'deferred' }));
    expect(JSON.stringify(blocks)).not.toContain('```');
  });

  it('are posted one at a time', async () => {
    let open = 0;
    let most = 0;
    const server = await startServer((_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end('ok');
      }, 5);
    });
    expect(await createSlackSink({ ...target, name: 'team', url: server.url }).send(outboxMessages(4))).toEqual([]);
    await server.close();
    expect([server.received.length, most]).toEqual([4, 1]);
  });
});

describe('a file', () => {
  it('gets a line of JSON per message, after those that it has', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'flowline-sinks-'));
    const file = path.join(folder, 'alerts.ndjson');
    const sink = createFileSink({ name: 'file', path: file });
    const messages = outboxMessages(3);
    await sink.send(messages.slice(0, 2));
    expect(await sink.send(messages.slice(2))).toEqual([]);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    await rm(folder, { recursive: true });
    expect(lines).toEqual(messages.map(({ value }) => value));
    for (const line of lines) expect(alertMessageSchema.safeParse(JSON.parse(line)).success).toBe(true);
  });

  it('is tried again if it cannot be written', async () => {
    const sink = createFileSink({ name: 'file', path: '/nowhere/alerts.ndjson' });
    expect(await sink.send(outboxMessages(1))).toMatchObject([{ refused: false }]);
  });
});
