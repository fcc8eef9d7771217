import { createStore } from '../state/store.ts';

/** Rights of the session of the page. */
export interface Session {
  readonly name: string;
  readonly scope: 'read' | 'operate' | 'admin';
  readonly detectors: readonly string[] | null;
  readonly endsAt: string;
}

/** Session of the page: unknown at first, null without one. */
export const session = createStore<Session | null | 'unknown'>('unknown');

/** True for a session that has ended by itself, until the next one begins. */
export const hasEnded = createStore(false);

/** Notes that the session has ended: its time has come, or its token was revoked. */
export function endSession(): void {
  const current = session.get();
  if (current !== null && current !== 'unknown') hasEnded.set(true);
  session.set(null);
}

/** True if the session may act: acknowledge, answer, promote. */
export const mayOperate = (current: Session | null | 'unknown'): boolean =>
  current !== null && current !== 'unknown' && current.scope !== 'read';

/** True if the session may apply definitions. */
export const mayAdminister = (current: Session | null | 'unknown'): boolean =>
  current !== null && current !== 'unknown' && current.scope === 'admin';
