import { useEffect } from 'preact/hooks';

import { closeLive, openLive } from '../client/live.ts';
import { session } from '../client/session.ts';
import { Skeleton } from '../components/states.tsx';
import { useStore } from '../state/store.ts';
import { CurrentPage } from './current-page.tsx';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in.tsx';

/** Pages for whoever has a session; the way to one for others. */
export function App() {
  const current = useStore(session);
  const isSignedIn = current !== null && current !== 'unknown';
  useEffect(() => {
    if (!isSignedIn) return;
    openLive();
    return closeLive;
  }, [isSignedIn]);
  if (current === 'unknown') return <Skeleton height={400} />;
  if (current === null) return <SignIn />;
  return (
    <Shell>
      <CurrentPage />
    </Shell>
  );
}
