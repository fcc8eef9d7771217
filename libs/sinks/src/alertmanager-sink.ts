import type { AlertMessage, Severity } from '@flowline/alerts';
import { severities } from '@flowline/alerts';
import { shortened } from '@flowline/events';
import type { AlertSink, OutboxMessage, Undelivered } from '@flowline/stream';

import { alertOf, entityOf } from './message.ts';
import { failureOf, type SendFailure, unreachable } from './outcome.ts';
import { cancel, type HttpTarget, post } from './post.ts';

/** Options of an Alertmanager. */
export interface AlertmanagerOptions extends HttpTarget {
  readonly name: string;
  /** Bearer token; null for none. */
  readonly token: string | null;
  /** Interval at which open alerts are sent again. */
  readonly resendAfterMs: number;
  /** Clock, in milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Alert as Alertmanager takes it (API v2). */
interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  /** Address of the alert here. */
  readonly generatorURL?: string;
}

/** Intervals without a message after which Alertmanager takes an open alert for resolved. */
const MISSED = 4;
const LABEL_CHARACTERS = 200;
const ANNOTATION_CHARACTERS = 4_000;

/**
 * Creates a sink that posts alerts to Alertmanager. An open alert ends some intervals from now
 * unless it is sent again; a resolved one has ended. Labels are the identity of an alert there, so
 * one whose severity has risen ends under the milder ones.
 */
export function createAlertmanagerSink(options: AlertmanagerOptions): AlertSink {
  const closing = new AbortController();
  const target = { ...options, signal: closing.signal };
  return {
    name: options.name,
    send: async (messages) => {
      if (messages.length === 0) return [];
      const failure = await postAlerts(target, messages);
      if (failure === null) return [];
      if (!failure.refused || messages.length === 1) return messages.map((message) => undelivered(message, failure));
      // One that is refused refuses the whole request.
      const alone = await Promise.all(messages.map((message) => postAlerts(target, [message])));
      return messages.flatMap((message, i) => {
        const found = alone[i];
        return found == null ? [] : [undelivered(message, found)];
      });
    },
    close: () => cancel(closing),
  };
}

const undelivered = ({ messageId }: OutboxMessage, failure: SendFailure): Undelivered => ({ messageId, ...failure });

async function postAlerts(
  options: AlertmanagerOptions,
  messages: readonly OutboxMessage[],
): Promise<SendFailure | null> {
  const { name, url, token, resendAfterMs, now = Date.now } = options;
  const alerts = messages.flatMap((message) => postableAlerts(alertOf(message), resendAfterMs, now()));
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const target = { ...options, url: `${url.replace(/\/+$/, '')}/api/v2/alerts` };
  try {
    return failureOf(name, await post(target, headers, JSON.stringify(alerts)), [
      url,
      ...(token === null ? [] : [token]),
    ]);
  } catch (error) {
    return unreachable(name, error);
  }
}

/** The alert of a message, and its ends under the milder severities that it has had. */
export function postableAlerts(alert: AlertMessage, resendAfterMs: number, nowMs: number): PostableAlert[] {
  const { severity, state, firstSeen } = alert;
  const isOver = state === 'resolved';
  const milder = severities.slice(0, severities.indexOf(severity));
  const startsAt = new Date(Math.min(Date.parse(firstSeen), nowMs - 1)).toISOString();
  const page = alert.links?.page;
  const entry = (of: Severity, ends: boolean): PostableAlert => ({
    labels: labelsOf(alert, of),
    annotations: annotationsOf(alert),
    startsAt,
    endsAt: new Date(ends ? nowMs : nowMs + MISSED * resendAfterMs).toISOString(),
    ...(page === undefined ? {} : { generatorURL: page }),
  });
  const outgrown = isOver || state === 'escalated' ? milder.map((of) => entry(of, true)) : [];
  return [...outgrown, entry(severity, isOver)];
}

function labelsOf(alert: AlertMessage, severity: Severity): Record<string, string> {
  const { detector, kind, fingerprint } = alert;
  return {
    ...{ alertname: 'FlowlineAnomaly', detector, kind, severity, fingerprint },
    entity: shortened(entityOf(alert) ?? '', LABEL_CHARACTERS),
  };
}

function annotationsOf(alert: AlertMessage): Record<string, string> {
  const { summary, alertId, count, lastSeen, links } = alert;
  const answers = Object.entries(links?.feedback ?? {}).map(([verdict, url]) => [`feedback_${verdict}`, url]);
  return {
    ...{ summary: shortened(summary, ANNOTATION_CHARACTERS), alertId, count: String(count), lastSeen },
    ...(Object.fromEntries(answers) as Record<string, string>),
  };
}
