import { type AlertLinks, alertLinks } from '@flowline/alerts';
import type { Settings } from '@flowline/config';
import type { AlertSink, OutboxMessage } from '@flowline/stream';

import { alertOf } from './message.ts';

/** Links of an alert as they are now. */
export type LinksOf = (alertId: string) => AlertLinks;

/** Links by the settings of a process; null without a public address. */
export function linksOfSettings({ links }: Pick<Settings, 'links'>, now: () => number = Date.now): LinksOf | null {
  const { publicUrl, keys } = links;
  if (publicUrl === null) return null;
  return (alertId) => alertLinks({ publicUrl, keys }, alertId, now());
}

/**
 * Adds links to the messages of a sink as they are sent. They are not stored: the outbox holds no
 * token, and a message that is sent late has links that are valid.
 */
export function withLinks(sink: AlertSink, linksOf: LinksOf | null): AlertSink {
  if (linksOf === null) return sink;
  return { ...sink, send: (messages) => sink.send(messages.map((message) => linked(message, linksOf))) };
}

function linked(message: OutboxMessage, linksOf: LinksOf): OutboxMessage {
  const alert = alertOf(message);
  return { ...message, value: JSON.stringify({ ...alert, links: linksOf(alert.alertId) }) };
}
