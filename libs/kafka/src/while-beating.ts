/** Interval between two heartbeats of a group member. */
export const HEARTBEAT_INTERVAL_MS = 1_000;

/**
 * Sends heartbeats to keep the membership alive while a promise is pending. A heartbeat failure is
 * thrown once the promise resolves.
 */
export async function whileBeating<T>(pending: Promise<T>, heartbeat: () => Promise<void>): Promise<T> {
  let failure: { readonly error: unknown } | undefined;
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => (failure = { error }));
  }, HEARTBEAT_INTERVAL_MS);
  try {
    const result = await pending;
    if (failure !== undefined) throw failure.error;
    return result;
  } finally {
    clearInterval(timer);
  }
}
