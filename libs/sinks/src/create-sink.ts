import { type Environment, resolveSecret, sinkKindOf, type SinkSpec } from '@flowline/config';
import { FlowlineError, parseDurationMs } from '@flowline/events';
import { type AlertSink, createStdoutSink } from '@flowline/stream';

import { createAlertmanagerSink } from './alertmanager-sink.ts';
import { createEmailSink } from './email-sink.ts';
import { createFileSink } from './file-sink.ts';
import type { HttpTarget } from './post.ts';
import { createSlackSink } from './slack-sink.ts';
import { createWebhookSink } from './webhook-sink.ts';
import { type LinksOf, withLinks } from './with-links.ts';

/** Parts of the process that sinks need. */
export interface SinkParts {
  /** Creates a sink of topics: the address of the messages is their topic. */
  readonly kafka: () => AlertSink;
  /** Variables that secrets refer to. */
  readonly env: Environment;
  /** Links that are added to messages; by default none. */
  readonly linksOf?: LinksOf | null;
}

/** A sink, and how messages are sent to it. */
export interface OpenSink {
  readonly sink: AlertSink;
  /** Maximum messages per send. */
  readonly batch: number;
  /** Time that a send may take. */
  readonly sendMs: number;
  /** Time for which a failing message is tried again. */
  readonly retryForMs: number;
  /** Interval at which open alerts are sent again; null for never. */
  readonly resendAfterMs: number | null;
}

const MAX_TIMEOUT_MS = 60_000;
const MAX_CONNECT_MS = 5_000;
/** Messages that a webhook gets at once. */
const WEBHOOK_BATCH = 8;
/** Messages of one send of a sink that takes many. */
const BATCH = 200;
/** Time that a send may take beyond its requests. */
const MARGIN_MS = 10_000;

/**
 * Creates the sink of a document, with its secrets resolved.
 * @throws FlowlineError FLOWLINE_SECRET_MISSING; FLOWLINE_CONFIG_INVALID for an address by
 * reference that is none.
 */
export function createSink(name: string, spec: SinkSpec, parts: SinkParts): OpenSink {
  const retryForMs = parseDurationMs(spec.retryFor) ?? 0;
  const open = (sink: AlertSink, batch: number, sendMs: number, resendAfterMs: number | null = null): OpenSink => ({
    sink: withLinks(sink, parts.linksOf ?? null),
    ...{ batch, sendMs: sendMs + MARGIN_MS, retryForMs, resendAfterMs },
  });
  const secrets = secretsOf(name, parts.env);
  const { kafka, webhook, alertmanager, slack, email, file } = spec;
  if (kafka !== undefined) return open(toTopic(parts.kafka(), name, kafka.topic), BATCH, MAX_TIMEOUT_MS);
  if (webhook !== undefined) {
    const target = targetOf(webhook, secrets);
    const secret = webhook.secret === undefined ? null : secrets('secret', webhook.secret);
    return open(createWebhookSink({ name, ...target, secret, atOnce: WEBHOOK_BATCH }), WEBHOOK_BATCH, target.timeoutMs);
  }
  if (alertmanager !== undefined) {
    const target = targetOf(alertmanager, secrets);
    const token = alertmanager.token === undefined ? null : secrets('token', alertmanager.token);
    const resendAfterMs = parseDurationMs(alertmanager.resendAfter) ?? MAX_TIMEOUT_MS;
    const sink = createAlertmanagerSink({ name, ...target, token, resendAfterMs });
    return open(sink, BATCH, 2 * target.timeoutMs, resendAfterMs);
  }
  if (slack !== undefined) {
    const target = targetOf(slack, secrets);
    return open(createSlackSink({ name, ...target }), 2, 2 * target.timeoutMs);
  }
  if (email !== undefined) {
    const timeouts = timeoutsOf(email.timeout);
    const sink = emailSink(name, email, secrets);
    return open(sink, BATCH, email.digestOver * timeouts.timeoutMs);
  }
  if (file !== undefined) return open(createFileSink({ name, path: file.path }), BATCH, MAX_TIMEOUT_MS);
  return open({ ...createStdoutSink(), name: sinkKindOf(spec) }, BATCH, MAX_TIMEOUT_MS);
}

type Secrets = (option: string, written: string) => string;

/** Resolves the references of a sink; errors name the option, never its value. */
const secretsOf =
  (sink: string, env: Environment): Secrets =>
  (option, written) =>
    resolveSecret({ name: `${option} of sink ${sink}`, written, isSecret: true }, env);

function targetOf(
  options: { readonly url: string; readonly allow: readonly string[]; readonly timeout: string },
  secrets: Secrets,
): HttpTarget {
  const url = secrets('url', options.url);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new FlowlineError('FLOWLINE_CONFIG_INVALID', 'The url of the sink is not an http(s) address.', {
      where: 'the url of the sink',
      remedy: 'Correct what its document, or the reference in it, says.',
    });
  }
  return { url, allow: options.allow, ...timeoutsOf(options.timeout) };
}

function timeoutsOf(written: string): Pick<HttpTarget, 'connectTimeoutMs' | 'timeoutMs'> {
  const timeoutMs = Math.min(MAX_TIMEOUT_MS, parseDurationMs(written) ?? MAX_TIMEOUT_MS);
  return { timeoutMs, connectTimeoutMs: Math.min(MAX_CONNECT_MS, timeoutMs) };
}

function emailSink(name: string, email: NonNullable<SinkSpec['email']>, secrets: Secrets): AlertSink {
  const { host, port, encryption, login, from, to, digestOver, allow, timeout } = email;
  const user = login && { user: secrets('username', login.username), pass: secrets('password', login.password) };
  return createEmailSink({
    ...{ name, host, port, encryption, login: user ?? null, from, to, digestOver, allow },
    ...timeoutsOf(timeout),
  });
}

/** Sends all messages to one topic. */
const toTopic = (sink: AlertSink, name: string, topic: string): AlertSink => ({
  ...sink,
  name,
  send: (messages) => sink.send(messages.map((message) => ({ ...message, topic }))),
});
