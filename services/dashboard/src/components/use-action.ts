import { useState } from 'preact/hooks';

import type { ApiProblem } from '../client/call.ts';
import { toProblem } from '../state/use-load.ts';

/** Action of a person: whether it is under way, and the problem it ended with. */
export function useAction(onDone: () => void): {
  readonly isBusy: boolean;
  readonly problem: ApiProblem | null;
  readonly run: (work: () => Promise<unknown>) => void;
} {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const run = (work: () => Promise<unknown>): void => {
    setBusy(true);
    setProblem(null);
    work()
      .then(onDone, (error: unknown) => setProblem(toProblem(error)))
      .finally(() => setBusy(false));
  };
  return { isBusy, problem, run };
}
