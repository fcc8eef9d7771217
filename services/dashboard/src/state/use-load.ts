import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { ApiProblem } from '../client/call.ts';
import { retryAfterMs } from '../client/retry.ts';

/** Data of a page: on their way, there (perhaps not renewed since a problem), or not to be had. */
export type Loaded<Value> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: ApiProblem }
  | { readonly state: 'ready'; readonly value: Value; readonly at: number; readonly problem: ApiProblem | null };

/**
 * Loads data, again when `key` changes, when `reload` is called and, while the page is looked at,
 * every `everyMs`. A value stays while it is renewed, and if that fails; failures are retried, at
 * longer and longer intervals.
 */
export function useLoad<Value>(
  key: string,
  load: (signal: AbortSignal) => Promise<Value>,
  { everyMs = null }: { readonly everyMs?: number | null } = {},
): { readonly loaded: Loaded<Value>; readonly reload: () => void } {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: 'loading' });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const shownKey = useRef(key);
  const failures = useRef(0);
  const reload = useCallback(() => setTurn((count) => count + 1), []);

  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | null = null;
    if (shownKey.current !== key) {
      shownKey.current = key;
      failures.current = 0;
      setLoaded({ state: 'loading' });
    }
    const again = (afterMs: number): void => {
      timer = setTimeout(() => (document.hidden ? again(afterMs) : reload()), afterMs);
    };
    latest.current(ending.signal).then(
      (value) => {
        if (ending.signal.aborted) return;
        failures.current = 0;
        setLoaded({ state: 'ready', value, at: Date.now(), problem: null });
        if (everyMs !== null) again(everyMs);
      },
      (error: unknown) => {
        if (ending.signal.aborted) return;
        const problem = toProblem(error);
        setLoaded((before) => (before.state === 'ready' ? { ...before, problem } : { state: 'failed', problem }));
        if (isPassing(problem)) again(retryAfterMs(failures.current++));
      },
    );
    return () => {
      ending.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [key, turn, everyMs, reload]);
  return { loaded, reload };
}

/** True for a problem that may be gone at the next try. */
const isPassing = ({ status }: ApiProblem): boolean => status === 0 || status === 429 || status >= 500;

/** Problem of any thrown value. */
export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiProblem({ status: -1, code: 'PAGE', detail, remedy: 'Load the page again.' });
}
