import { useEffect, useState } from 'preact/hooks';

/** Value that several parts of a page show. */
export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  /** Calls back after each change, until the returned function is called. */
  subscribe(listener: (value: Value) => void): () => void;
}

/** Creates a store. */
export function createStore<Value>(initial: Value): Store<Value> {
  let current = initial;
  const listeners = new Set<(value: Value) => void>();
  return {
    get: () => current,
    set: (value) => {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Value of a store, which is shown anew when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState<Value>(() => store.get());
  useEffect(() => {
    const update = (next: Value): void => setValue(() => next);
    update(store.get());
    return store.subscribe(update);
  }, [store]);
  return value;
}
