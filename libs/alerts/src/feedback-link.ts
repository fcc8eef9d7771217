import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Verdict } from './verdict.ts';

/** Purpose of a link: one verdict about one alert. */
export interface FeedbackPurpose {
  /** UUID in lower case. */
  readonly alertId: string;
  readonly verdict: Verdict;
}

/** Result of {@link readFeedbackToken}. */
export type FeedbackToken =
  { readonly state: 'valid' | 'expired'; readonly endsAt: Date } | { readonly state: 'forged' };

/** `v1.<end in seconds since 1970>.<HMAC-SHA-256 in base64url>`. */
const TOKEN = /^v1\.([1-9]\d{9,10})\.([\w-]{43})$/;

/** Path of a link, below the address of the service. */
export const feedbackPath = ({ alertId, verdict }: FeedbackPurpose): string =>
  `${alertPath(alertId)}/feedback/${verdict}`;

/** Path of an alert, below the address of the service. */
export const alertPath = (alertId: string): string => `/alerts/${alertId}`;

/**
 * Creates the token of a link: it permits this one answer until its end, and holds nothing else.
 * @param endS end, in whole seconds since 1970.
 */
export function feedbackToken(purpose: FeedbackPurpose, endS: number, key: string): string {
  return `v1.${String(endS)}.${signatureOf(purpose, String(endS), key)}`;
}

/** Reads the token of a link, signed with any of the keys; each is compared in constant time. */
export function readFeedbackToken(
  token: string,
  purpose: FeedbackPurpose,
  { keys, nowMs }: { readonly keys: readonly string[]; readonly nowMs: number },
): FeedbackToken {
  const [, endS, signature] = TOKEN.exec(token) ?? [];
  if (endS === undefined || signature === undefined) return { state: 'forged' };
  // As text: bytes could be written in several ways.
  const given = Buffer.from(signature);
  const matches = keys.map((key) => timingSafeEqual(given, Buffer.from(signatureOf(purpose, endS, key))));
  if (!matches.includes(true)) return { state: 'forged' };
  const endMs = Number(endS) * 1_000;
  return { state: nowMs < endMs ? 'valid' : 'expired', endsAt: new Date(endMs) };
}

/** HMAC over all that a link says; its first line keeps it apart from other uses of a key. */
function signatureOf({ alertId, verdict }: FeedbackPurpose, endS: string, key: string): string {
  const said = ['flowline feedback v1', verdict, alertId, endS].join('\n');
  return createHmac('sha256', key).update(said).digest('base64url');
}
