/**
 * Shares calls of `ask` such that each caller gets an answer requested after its own call. One call
 * runs at a time; callers that arrive meanwhile share the next one.
 */
export function freshAnswers<T>(ask: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    current = ask().finally(() => (current = undefined));
    return current;
  };
  return () => {
    if (current === undefined) return begin();
    next ??= current.then(begin, begin);
    return next;
  };
}
