import { createHmac } from 'node:crypto';

import type { AlertSink, OutboxMessage } from '@flowline/stream';

import { failureOf, type SendFailure, unreachable } from './outcome.ts';
import { cancel, type HttpTarget, post } from './post.ts';
import { sendEach } from './send-each.ts';

/** Options of a webhook. */
export interface WebhookOptions extends HttpTarget {
  /** Name of the sink. */
  readonly name: string;
  /** Key of the signatures; null for none. */
  readonly secret: string | null;
  /** Maximum requests at once (default 8). */
  readonly atOnce?: number;
  /** Clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Creates a sink that posts each message as JSON. `Idempotency-Key` is the id of the message, and
 * `Flowline-Signature` the HMAC-SHA-256 of `<timestamp>.<body>` in hexadecimal, with the time in
 * seconds of `Flowline-Timestamp`.
 */
export function createWebhookSink(options: WebhookOptions): AlertSink {
  const { name, atOnce = 8 } = options;
  const closing = new AbortController();
  const target = { ...options, signal: closing.signal };
  return {
    name,
    send: (messages) => sendEach(messages, atOnce, (message) => postMessage(target, message)),
    close: () => cancel(closing),
  };
}

async function postMessage(options: WebhookOptions, message: OutboxMessage): Promise<SendFailure | null> {
  const { name, url, secret, now = Date.now } = options;
  const timestamp = String(Math.floor(now() / 1_000));
  const headers = {
    'idempotency-key': message.messageId,
    'flowline-timestamp': timestamp,
    ...(secret === null ? {} : { 'flowline-signature': `v1=${signatureOf(secret, timestamp, message.value)}` }),
  };
  try {
    return failureOf(name, await post(options, headers, message.value), [url, ...(secret === null ? [] : [secret])]);
  } catch (error) {
    return unreachable(name, error);
  }
}

/** HMAC-SHA-256 of a timestamp and a body, in hexadecimal. */
function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}
