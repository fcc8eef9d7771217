import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

import { createEmailSink, type EmailOptions } from './email-sink.ts';
import { alertMessage, outboxed, outboxMessages } from './testing/messages.ts';

const servers: SMTPServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
});

/** Starts an SMTP server on loopback that keeps the mails it takes. */
async function startSmtp(options: SMTPServerOptions = {}) {
  const mails: string[] = [];
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS'], logger: false },
    onData: (stream, _session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString());
        callback();
      });
    },
    ...options,
  });
  servers.push(server);
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return { mails, port: (server.server.address() as AddressInfo).port };
}

const email = (port: number, changes: Partial<EmailOptions> = {}) =>
  createEmailSink({
    ...{ name: 'mail', host: '127.0.0.1', port, encryption: 'none', login: null },
    ...{ from: 'Flowline <flowline@example.org>', to: ['a@example.org', 'b@example.org'], digestOver: 3 },
    ...{ allow: ['127.0.0.1'], connectTimeoutMs: 5_000, timeoutMs: 5_000, ...changes },
  });

const refusal = (responseCode: number) => Object.assign(new Error('no'), { responseCode });

describe('an e-mail sink', () => {
  it('mails each message under its id, to everybody', async () => {
    const { mails, port } = await startSmtp();
    const messages = outboxMessages(2);
    expect(await email(port).send(messages)).toEqual([]);
    expect(mails).toHaveLength(2);
    expect(mails[0]).toContain(`Message-ID: <${messages[0]?.messageId ?? ''}@example.org>`);
    expect(mails[0]).toContain('To: a@example.org, b@example.org');
    expect(mails[0]).toMatch(/^Subject: =\?UTF-8\?|^Subject: \[major\] checkout/m);
  });

  it('tells of many in one digest', async () => {
    const { mails, port } = await startSmtp();
    expect(await email(port).send(outboxMessages(7))).toEqual([]);
    expect(mails).toHaveLength(1);
    expect(mails[0]).toContain('Subject: Flowline: 7 messages about alerts');
  });

  it('has the links of each alert, whole', async () => {
    const { mails, port } = await startSmtp();
    const page = 'https://flowline.example.org/alerts/1';
    const urlOf = (verdict: string) => `${page}/feedback/${verdict}?token=v1.${'x'.repeat(54)}`;
    const feedback = {
      ...{ confirmed: urlOf('confirmed'), expected: urlOf('expected') },
      ...{ false_alarm: urlOf('false_alarm'), new_normal: urlOf('new_normal') },
    };
    const messages = outboxMessages(4).map((message) => ({
      ...message,
      value: JSON.stringify({ ...JSON.parse(message.value), links: { page, feedback } }),
    }));
    expect(await email(port).send(messages)).toEqual([]);
    const [mail = ''] = mails;
    const text = mail.replace(/=\r\n/g, '').replaceAll('=3D', '=');
    expect(text.split(`- false alarm: ${urlOf('false_alarm')}\r\n`)).toHaveLength(5);
    expect(text.split(`\r\n${page}\r\n`)).toHaveLength(5);
  });

  it('says what an alert counts', async () => {
    const { mails, port } = await startSmtp();
    const messages = [alertMessage({ count: 1 }), alertMessage({ kind: 'absence', count: 1 })].map(outboxed);
    expect(await email(port).send(messages)).toEqual([]);
    const texts = mails.map((mail) => mail.replace(/=\r\n/g, ''));
    expect(texts[0]).toContain('\r\n1 anomaly, 2026-01-01T00:00:00.000Z to');
    expect(texts[1]).toContain('\r\n1 silence, 2026-01-01T00:00:00.000Z to');
  });

  it('leaves no header to what an event says', async () => {
    const { mails, port } = await startSmtp();
    const summary = 'x\r\nBcc: everybody@example.org\r\n\r\nhello';
    expect(await email(port).send([outboxed(alertMessage({ summary }))])).toEqual([]);
    expect(mails[0]?.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/im);
  });

  it('is tried again when the server is busy, gone, silent, or does not know the login', async () => {
    const busy = await startSmtp({ onRcptTo: (_to, _session, callback) => callback(refusal(451)) });
    expect(await email(busy.port).send(outboxMessages(1))).toMatchObject([{ refused: false }]);
    const closed = await startSmtp({
      authOptional: false,
      authMethods: ['PLAIN'],
      allowInsecureAuth: true,
      onAuth: (_auth, _session, callback) => callback(refusal(535)),
    });
    const login = { user: 'flowline', pass: 'a secret' };
    const [unknown] = await email(closed.port, { login }).send(outboxMessages(1));
    expect(unknown).toMatchObject({ refused: false });
    expect(JSON.stringify([String(unknown?.error), unknown?.error])).not.toContain('a secret');
    const silent = await startSmtp({ onConnect: () => undefined });
    const [hanging] = await email(silent.port, { connectTimeoutMs: 200 }).send(outboxMessages(1));
    expect(hanging).toMatchObject({ refused: false });
  });

  it('is not tried again when the server refuses the mail for good', async () => {
    const { port } = await startSmtp({ onRcptTo: (_to, _session, callback) => callback(refusal(550)) });
    const [undelivered] = await email(port).send(outboxMessages(1));
    expect(undelivered).toMatchObject({ refused: true, error: { code: 'FLOWLINE_SINK_REFUSED' } });
  });

  it('connects to no internal address that is not allowed, and says nothing without encryption asked for', async () => {
    const { mails, port } = await startSmtp();
    const [refused] = await email(port, { allow: [] }).send(outboxMessages(1));
    expect(refused).toMatchObject({ refused: false, error: { code: 'FLOWLINE_SINK_ADDRESS' } });
    expect(await email(port, { encryption: 'starttls' }).send(outboxMessages(1))).toMatchObject([{ refused: false }]);
    expect(mails).toEqual([]);
  });
});
