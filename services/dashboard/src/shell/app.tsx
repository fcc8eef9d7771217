import { useEffect } from 'preact/hooks';

import { closeLive, openLive } from '../client/live.ts';
import { session } from '../client/session.ts';
import { sessionProblem } from '../client/sign-in.ts';
import { ProblemNote, Skeleton } from '../components/states.tsx';
import { useStore } from '../state/store.ts';
import { CurrentPage } from './current-page.tsx';
import { PageBoundary } from './page-boundary.tsx';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in.tsx';

/** Pages for whoever has a session; the way to one for others. */
export function App() {
  const current = useStore(session);
  const problem = useStore(sessionProblem);
  const isSignedIn = current !== null && current !== 'unknown';
  useEffect(() => {
    if (!isSignedIn) return;
    openLive();
    return closeLive;
  }, [isSignedIn]);
  if (current === 'unknown') {
    if (problem === null) return <Skeleton height={400} />;
    return (
      <main class="sign-in">
        <h1>Flowline</h1>
        <ProblemNote problem={problem} />
      </main>
    );
  }
  if (current === null) return <SignIn />;
  return (
    <Shell>
      <PageBoundary>
        <CurrentPage />
      </PageBoundary>
    </Shell>
  );
}
