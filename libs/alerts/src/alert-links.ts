import { DAY_MS } from '@flowline/events';

import { alertPath, feedbackPath, feedbackToken } from './feedback-link.ts';
import { type Verdict, verdicts } from './verdict.ts';

/** Links of a message about an alert. */
export interface AlertLinks {
  /** Address of the alert. */
  readonly page: string;
  /** Address for each verdict, which asks before it records it; absent without a key. */
  readonly feedback?: Readonly<Record<Verdict, string>>;
}

/** Settings of links. */
export interface LinkOptions {
  /** Address of the API as people reach it, without a slash at its end. */
  readonly publicUrl: string;
  /** Keys of the signatures: the first signs. None: no links to answer. */
  readonly keys: readonly string[];
}

/** Least time for which a link to answer is valid. */
const LIFE_MS = 7 * DAY_MS;

/**
 * Creates the links of an alert. Those to answer it end with the UTC day that is a week from now,
 * so that all messages of a day, repeats included, have the same.
 */
export function alertLinks({ publicUrl, keys: [key] }: LinkOptions, alertId: string, nowMs: number): AlertLinks {
  const page = `${publicUrl}${alertPath(alertId)}`;
  if (key === undefined) return { page };
  const endS = (Math.ceil((nowMs + LIFE_MS) / DAY_MS) * DAY_MS) / 1_000;
  const linkOf = (verdict: Verdict): string => {
    const purpose = { alertId, verdict };
    return `${publicUrl}${feedbackPath(purpose)}?token=${feedbackToken(purpose, endS, key)}`;
  };
  const entries = verdicts.map((verdict) => [verdict, linkOf(verdict)] as const);
  return { page, feedback: Object.fromEntries(entries) as Record<Verdict, string> };
}
