import { useEffect, useState } from 'preact/hooks';

import type { ApiProblem } from '../client/call.ts';
import { toProblem } from '../state/use-load.ts';

/** Result of a computation in the page; the last one stays until the next is there. */
export interface Computed<Value> {
  readonly value: Value | null;
  readonly problem: ApiProblem | null;
}

/** Computes anew in the next frame whenever `inputs` change, the latest inputs alone. */
export function useComputed<Value>(compute: () => Promise<Value>, inputs: readonly unknown[]): Computed<Value> {
  const [computed, setComputed] = useState<Computed<Value>>({ value: null, problem: null });
  useEffect(() => {
    let isLatest = true;
    const frame = requestAnimationFrame(() => {
      compute().then(
        (value) => isLatest && setComputed({ value, problem: null }),
        (error: unknown) => isLatest && setComputed((before) => ({ ...before, problem: toProblem(error) })),
      );
    });
    return () => {
      isLatest = false;
      cancelAnimationFrame(frame);
    };
  }, inputs);
  return computed;
}
