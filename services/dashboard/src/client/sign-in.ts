import { problemOf } from './call.ts';
import { type Session, session } from './session.ts';

const SESSION = '/ui/session';
const headers = { 'x-flowline-page': '1', 'content-type': 'application/json' };

/**
 * Begins with the session there is, or with the ticket in the address, which is removed from it.
 * The part after # never leaves the browser.
 */
export async function beginSession(): Promise<void> {
  const ticket = new URLSearchParams(location.hash.slice(1)).get('ticket');
  if (ticket !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    await signIn(ticket).catch(resume);
    return;
  }
  await resume();
}

async function resume(): Promise<void> {
  const response = await fetch(SESSION, { headers }).catch(() => null);
  session.set(response?.ok === true ? ((await response.json()) as Session) : null);
}

/** Exchanges a token for a session. @throws ApiProblem. */
export async function signIn(token: string): Promise<void> {
  const response = await fetch(SESSION, { method: 'POST', headers, body: JSON.stringify({ token }) });
  if (!response.ok) throw await problemOf(response);
  session.set((await response.json()) as Session);
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await fetch(SESSION, { method: 'DELETE', headers: { 'x-flowline-page': '1' } }).catch(() => null);
  session.set(null);
}
