import { FlowlineError } from '@flowline/events';

type Headers = Readonly<Record<string, unknown>>;

const NAME = 'flowline_session';
/** Header that only a page of this service can send: another site would have to ask before. */
const PAGE_HEADER = 'x-flowline-page';

/** Secret of the session that a request carries; null for none. */
export function sessionTextOf({ cookie }: Headers): string | null {
  if (typeof cookie !== 'string') return null;
  const pairs = cookie.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${NAME}=`))?.slice(NAME.length + 1) ?? null;
}

/**
 * Header Set-Cookie of a session: no script reads it, and no other site sends it. It is for
 * connections with TLS alone if the page came through one.
 */
export function sessionCookie(text: string, endsAt: Date, { origin }: Headers): string {
  const isSecure = typeof origin === 'string' && origin.startsWith('https:');
  const expires = `Expires=${endsAt.toUTCString()}`;
  return `${NAME}=${text}; ${expires}; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

/** Header Set-Cookie that removes a session. */
export const removedCookie = `${NAME}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict`;

/**
 * Checks that a request with a session which changes something was sent by a page of ours.
 * @throws FlowlineError FLOWLINE_FORBIDDEN.
 */
export function requireOwnPage(method: string, headers: Headers): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers['sec-fetch-site'];
  const isOwn = headers[PAGE_HEADER] === '1' && (site === undefined || site === 'same-origin');
  if (isOwn) return;
  throw new FlowlineError('FLOWLINE_FORBIDDEN', 'The request has a session, but no page of this service sent it.', {
    where: PAGE_HEADER,
    remedy: 'Send a token in the header Authorization; sessions are for the pages.',
  });
}
