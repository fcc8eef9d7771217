import { FlowlineError } from '@flowline/events';

/** Time that the work of one request may take: others wait for their turn meanwhile. */
const BUDGET_MS = 5_000;

/**
 * Runs work with a signal that aborts once its time is up, the reason being an error for the
 * sender, or with `gone`.
 * @throws FlowlineError FLOWLINE_REQUEST_TOO_LARGE if the work has heeded the signal.
 */
export async function withinBudget<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  gone: AbortSignal,
  budgetMs = BUDGET_MS,
): Promise<Result> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(tooMuch(budgetMs)), budgetMs);
  try {
    return await work(AbortSignal.any([ending.signal, gone]));
  } finally {
    clearTimeout(timer);
  }
}

const tooMuch = (budgetMs: number): FlowlineError =>
  new FlowlineError('FLOWLINE_REQUEST_TOO_LARGE', `The request takes more than ${budgetMs / 1_000} s of computing.`, {
    where: 'body',
    remedy: 'Ask for fewer events, changes or rules, in several requests.',
  });
