/** Lets the event loop have a turn: work that comes in slices does not stall a stream in the same process. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
