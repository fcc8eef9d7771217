import { type AlertMessage, entityOfMessage, verdicts, verdictWords } from '@flowline/alerts';
import { printable, stableId } from '@flowline/events';
import type { AlertSink, OutboxMessage, Undelivered } from '@flowline/stream';
import { createTransport, type SendMailOptions, type SMTPTransportOptions } from 'nodemailer';

import { resolveHost } from './addresses.ts';
import { alertOf, countOf } from './message.ts';
import { type SendFailure, sinkError, unreachable } from './outcome.ts';
import { cancel } from './post.ts';
import { sendEach } from './send-each.ts';
import { barsOf } from './slack-sink.ts';

/** Options of a mailbox, and of the SMTP server that takes its mail. */
export interface EmailOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `tls` from the start, `starttls` before anything is said, or `none`. */
  readonly encryption: 'tls' | 'starttls' | 'none';
  /** Login at the server; null for none. */
  readonly login: { readonly user: string; readonly pass: string } | null;
  readonly from: string;
  readonly to: readonly string[];
  /** Messages at once beyond which one mail tells of all. */
  readonly digestOver: number;
  /** Internal hosts that the sink may connect to. */
  readonly allow: readonly string[];
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
}

type Mail = Pick<SendMailOptions, 'subject' | 'text' | 'messageId'>;

const SUBJECT_CHARACTERS = 150;
const LINE_CHARACTERS = 1_000;

/**
 * Creates a sink that mails each message, or one digest if many wait. The id of a mail is that of
 * its message, so that a repeat can be told.
 */
export function createEmailSink(options: EmailOptions): AlertSink {
  const closing = new AbortController();
  const send = (mail: Mail): Promise<SendFailure | null> => sendMail(options, mail, closing.signal);
  return {
    name: options.name,
    send: async (messages): Promise<readonly Undelivered[]> => {
      if (messages.length <= options.digestOver) return sendEach(messages, 1, (message) => send(mailOf(message)));
      const failure = await send(digestOf(messages));
      if (failure === null) return [];
      return messages.map(({ messageId }) => ({ messageId, ...failure }));
    },
    close: () => cancel(closing),
  };
}

async function sendMail(
  options: EmailOptions,
  { messageId, ...mail }: Mail,
  signal: AbortSignal,
): Promise<SendFailure | null> {
  const { name, from, to } = options;
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'flowline.invalid';
  try {
    const transport = createTransport(await transportOf(options));
    await transport.sendMail({ ...mail, signal, from, to: [...to], messageId: `<${String(messageId)}@${domain}>` });
    return null;
  } catch (error) {
    return mailFailure(name, error);
  }
}

async function transportOf(options: EmailOptions): Promise<SMTPTransportOptions> {
  const { host, port, encryption, login, allow, connectTimeoutMs, timeoutMs } = options;
  return {
    // The address that was checked is the one that is connected to.
    host: await resolveHost(host, allow),
    port,
    secure: encryption === 'tls',
    requireTLS: encryption === 'starttls',
    ignoreTLS: encryption === 'none',
    tls: { servername: host },
    ...(login === null ? {} : { auth: { ...login } }),
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The server's final refusals concern the mail; a refused login concerns the sink's document. */
function mailFailure(sink: string, error: unknown): SendFailure {
  const { responseCode, code } = (error ?? {}) as { responseCode?: unknown; code?: unknown };
  if (typeof responseCode !== 'number') return unreachable(sink, error);
  const refused = responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return {
    refused,
    error: sinkError(refused, `sink ${sink} answered ${String(responseCode)} (${String(code)})`, sink),
  };
}

function mailOf(message: OutboxMessage): Mail {
  const alert = alertOf(message);
  return { messageId: message.messageId, subject: subjectOf(alert), text: `${textOf(alert)}\n` };
}

function digestOf(messages: readonly OutboxMessage[]): Mail {
  const alerts = messages.map(alertOf);
  return {
    messageId: stableId(['digest', ...messages.map(({ messageId }) => messageId)]),
    subject: `Flowline: ${String(alerts.length)} messages about alerts`,
    text: `${alerts.map(textOf).join('\n\n')}\n`,
  };
}

const subjectOf = (alert: AlertMessage): string =>
  printable(`[${alert.severity}] ${headOf(alert)}: ${alert.summary}`, SUBJECT_CHARACTERS);

const headOf = (alert: AlertMessage): string =>
  [alert.detector, entityOfMessage(alert), alert.state].filter((part) => part !== null).join(' ');

function textOf(alert: AlertMessage): string {
  const { severity, summary, firstSeen, lastSeen, alertId } = alert;
  const bars = barsOf(alert);
  return [
    printable(`${severity}: ${headOf(alert)}`, LINE_CHARACTERS),
    printable(summary, LINE_CHARACTERS),
    ...(bars === '' ? [] : [bars]),
    `${countOf(alert)}, ${firstSeen} to ${lastSeen}, alert ${alertId}`,
    ...linkLines(alert),
  ].join('\n');
}

function linkLines({ links }: AlertMessage): string[] {
  if (links === undefined) return [];
  const { page, feedback } = links;
  if (feedback === undefined) return [page];
  return [page, 'Was it', ...verdicts.map((verdict) => `- ${verdictWords(verdict)}: ${feedback[verdict]}`)];
}
