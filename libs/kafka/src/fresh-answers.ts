/**
 * A question to which every caller wants an answer that was asked for after it called: one is under way at a time, and whoever calls
 * meanwhile shares the next one.
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
