/**
 * Waits `ms` milliseconds, or until the signal. Never rejects.
 * @param ref if false, the wait does not keep the process alive.
 */
export function pause(ms: number, signal: AbortSignal, { ref = true }: { readonly ref?: boolean } = {}): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (!ref) timer.unref();
    signal.addEventListener('abort', end);
  });
}
