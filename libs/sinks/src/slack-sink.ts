import { type AlertMessage, entityOfMessage, verdicts, verdictWords } from '@flowline/alerts';
import { at, printable } from '@flowline/events';
import type { AlertSink, OutboxMessage } from '@flowline/stream';

import { alertOf, countOf } from './message.ts';
import { failureOf, type SendFailure, unreachable } from './outcome.ts';
import { cancel, type HttpTarget, post } from './post.ts';
import { sendEach } from './send-each.ts';

/** Options of a Slack channel: the address is that of its incoming webhook. */
export interface SlackOptions extends HttpTarget {
  readonly name: string;
}

const SIGNS = { info: '⚪', warning: '🟡', major: '🟠', critical: '🔴' } as const;
const BAR = 20;
const FEATURES = 5;
const SUMMARY_CHARACTERS = 1_000;
/** Slack limits a header to 150 characters. */
const HEADER_CHARACTERS = 150;

/** Creates a sink that posts messages to a Slack channel, one after another, as Slack wants it. */
export function createSlackSink(options: SlackOptions): AlertSink {
  const closing = new AbortController();
  const target = { ...options, signal: closing.signal };
  return {
    name: options.name,
    send: (messages) => sendEach(messages, 1, (message) => postMessage(target, message)),
    close: () => cancel(closing),
  };
}

async function postMessage(options: SlackOptions, message: OutboxMessage): Promise<SendFailure | null> {
  const { name, url } = options;
  try {
    return failureOf(name, await post(options, {}, JSON.stringify(slackMessage(alertOf(message)))), [url]);
  } catch (error) {
    return unreachable(name, error);
  }
}

/** Message of Slack: the one line, the contributions as bars, and links. */
export function slackMessage(alert: AlertMessage): {
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly unfurl_links: boolean;
} {
  const { severity, state, detector, summary, firstSeen, lastSeen, alertId } = alert;
  const subject = [detector, entityOfMessage(alert)].filter((part) => part !== null).join(' ');
  const title = printable(`${SIGNS[severity]} ${severity} ${state}: ${subject}`, HEADER_CHARACTERS);
  const line = escaped(printable(summary, SUMMARY_CHARACTERS));
  const bars = barsOf(alert);
  const facts = `${countOf(alert)}, ${firstSeen} to ${lastSeen}, alert ${alertId}`;
  return {
    text: `${escaped(title)}: ${line}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title, emoji: true } },
      { type: 'section', text: { type: 'mrkdwn', text: line } },
      ...(bars === '' ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: `\`\`\`\n${bars}\n\`\`\`` } }]),
      { type: 'context', elements: [{ type: 'mrkdwn', text: facts }] },
      ...linkBlocks(alert),
    ],
    // Slack would read the pages of the links for previews.
    unfurl_links: false,
  };
}

/** Links as text: a button needs an app that takes its clicks, which an incoming webhook is not. */
function linkBlocks({ links }: AlertMessage): readonly unknown[] {
  if (links === undefined) return [];
  const { page, feedback } = links;
  const linked = (url: string, text: string): string => `<${url}|${text}>`;
  const answers =
    feedback === undefined ? [] : [`Was it ${verdicts.map((v) => linked(feedback[v], verdictWords(v))).join(' · ')}?`];
  const text = [linked(page, 'Open the alert'), ...answers].join('  |  ');
  return [{ type: 'section', text: { type: 'mrkdwn', text } }];
}

/** Bars of the most surprising features, the longest of the first; empty without an explanation. */
export function barsOf(alert: AlertMessage): string {
  if (!('contributions' in alert)) return '';
  const shown = alert.contributions.slice(0, FEATURES);
  const most = Math.max(...shown.map(({ bits }) => bits), 1e-9);
  const names = shown.map(({ feature }) => printable(feature, 40).replaceAll('`', "'"));
  const width = Math.max(0, ...names.map((name) => name.length));
  return shown
    .map(({ bits, direction }, i) => {
      const bar = '█'.repeat(Math.max(1, Math.round((BAR * bits) / most)));
      return `${at(names, i).padEnd(width)} ${bar.padEnd(BAR)} ${bits.toFixed(1)} bits ${direction}`;
    })
    .join('\n');
}

/** Text in which Slack sees no markup of its own, such as mentions of a channel. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
