const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;
/** Source text of the handlers of an Emscripten module: both rethrow their argument. */
const EMSCRIPTEN = /\bExitStatus\b|^function\s*\((\w+)\)\s*\{\s*throw \1;?\s*\}$/;

/**
 * Starts an Emscripten module and removes the handlers that it adds to the process: with them Node
 * prints every uncaught error below the module's own minified source. Handlers that others added,
 * before or meanwhile, stay.
 */
export async function withoutProcessHandlers<T>(start: () => Promise<T>): Promise<T> {
  const before = EVENTS.map((event) => new Set(listenersOf(event)));
  try {
    return await start();
  } finally {
    EVENTS.forEach((event, i) => {
      for (const listener of listenersOf(event)) {
        const isTheirs = before[i]?.has(listener) !== true && EMSCRIPTEN.test(String(listener));
        if (isTheirs) process.removeListener(event, listener);
      }
    });
  }
}

/** Typed as functions of any arguments, because the two events pass different ones. */
const listenersOf = (event: string): ((...args: unknown[]) => void)[] => process.rawListeners(event) as never;
