import { createStore } from '../state/store.ts';
import { ApiProblem, contentOf, problemOf, send } from './call.ts';
import { retryAfterMs } from './retry.ts';
import { hasEnded, type Session, session } from './session.ts';

const SESSION = '/ui/session';
const headers = { 'x-flowline-page': '1', 'content-type': 'application/json' };

/** Problem that keeps the page from learning whether there is a session; null for none. */
export const sessionProblem = createStore<ApiProblem | null>(null);

/**
 * Begins with the session there is, or with the ticket in the address, which is removed from it.
 * The part after # never leaves the browser. While the API does not answer, it is asked again.
 */
export async function beginSession(): Promise<void> {
  const ticket = new URLSearchParams(location.hash.slice(1)).get('ticket');
  if (ticket !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    if (await untilAnswered(() => signIn(ticket))) return;
  }
  if (!(await untilAnswered(checkSession))) session.set(null);
}

/** Resolves to true once an attempt succeeds, to false once it is refused. */
async function untilAnswered(attempt: () => Promise<void>): Promise<boolean> {
  for (let failures = 0; ; failures++) {
    try {
      await attempt();
      sessionProblem.set(null);
      return true;
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      const isRefusal = error.status >= 400 && error.status < 500 && error.status !== 429;
      sessionProblem.set(isRefusal ? null : error);
      if (isRefusal) return false;
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs(failures)));
  }
}

/** Asks whose session the page has, and notes it. @throws ApiProblem, also if it has none. */
export async function checkSession(): Promise<void> {
  const response = await send(SESSION, { headers });
  if (!response.ok) throw await problemOf(response);
  begin((await contentOf(response)) as Session);
}

/** Exchanges a token for a session. @throws ApiProblem. */
export async function signIn(token: string): Promise<void> {
  const response = await send(SESSION, { method: 'POST', headers, body: JSON.stringify({ token }) });
  if (!response.ok) throw await problemOf(response);
  begin((await contentOf(response)) as Session);
}

function begin(found: Session): void {
  hasEnded.set(false);
  session.set(found);
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await fetch(SESSION, { method: 'DELETE', headers: { 'x-flowline-page': '1' } }).catch(() => null);
  session.set(null);
}
