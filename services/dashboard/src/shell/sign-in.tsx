import { useState } from 'preact/hooks';

import type { ApiProblem } from '../client/call.ts';
import { hasEnded } from '../client/session.ts';
import { signIn } from '../client/sign-in.ts';
import { Cli } from '../components/cli.tsx';
import { ProblemNote } from '../components/states.tsx';
import icon from '../icon.svg';
import { useStore } from '../state/store.ts';
import { toProblem } from '../state/use-load.ts';

/** Exchange of a token for a session. */
export function SignIn() {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isAgain = useStore(hasEnded);
  const submit = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    signIn(token.trim())
      .catch((error: unknown) => setProblem(toProblem(error)))
      .finally(() => setBusy(false));
  };
  return (
    <main class="sign-in">
      <div class="brand">
        <img src={icon} alt="" /> Flowline
      </div>
      <h1>Sign in with a token</h1>
      {isAgain && (
        <div class="note note-warning" role="status">
          The session has ended. Sign in again, and this page goes on.
        </div>
      )}
      <form onSubmit={submit}>
        <label for="token">Token</label>
        <input
          id="token"
          class="input mono"
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button class="button button-primary" type="submit" disabled={isBusy || token.trim() === ''}>
          Sign in
        </button>
      </form>
      {problem !== null && <ProblemNote problem={problem} />}
      <p class="muted small">
        The token is exchanged for a session of this browser, which no script can read and which ends after 12 hours.
        Make one where the database is known; without the scope operate, the pages are read only:
      </p>
      <Cli command="flowline tokens create pages --scope operate" />
    </main>
  );
}
