/**
 * Yields to the event loop once, so that work in slices does not stall a stream in the same
 * process.
 */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
