import { useEffect, useRef, useState } from 'preact/hooks';

import type { ApiProblem } from '../client/call.ts';
import { toProblem } from '../state/use-load.ts';

/** Check of a text: its last result stays while the next is on its way. */
export interface Check<Result> {
  readonly isChecking: boolean;
  /** Result for the text; null if it was not checked, or is refused. */
  readonly result: Result | null;
  readonly problem: ApiProblem | null;
}

const PAUSE_MS = 400;
const NOTHING = { isChecking: false, result: null, problem: null } as const;

/**
 * Checks a text once typing pauses, and again when `key` changes.
 * @param text null for a text that needs no check.
 */
export function useCheck<Result>(
  text: string | null,
  key: string,
  check: (text: string, signal: AbortSignal) => Promise<Result>,
): Check<Result> {
  const [state, setState] = useState<Check<Result>>({ ...NOTHING, isChecking: text !== null });
  const latest = useRef(check);
  latest.current = check;
  useEffect(() => {
    if (text === null) {
      setState(NOTHING);
      return;
    }
    setState((before) => ({ ...before, isChecking: true }));
    const ending = new AbortController();
    const timer = setTimeout(() => {
      latest.current(text, ending.signal).then(
        (result) => {
          if (!ending.signal.aborted) setState({ ...NOTHING, result });
        },
        (error: unknown) => {
          if (!ending.signal.aborted) setState({ ...NOTHING, problem: toProblem(error) });
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [text, key]);
  return state;
}
