import type { Caller } from './caller.ts';
import { unauthenticated } from './authenticate.ts';
import type { Route } from './route.ts';

/**
 * Checks that the sender of a request may call a route, as far as path and token tell. Lists and
 * single resources are checked by their handlers, which know the detector.
 * @throws FlowlineError FLOWLINE_UNAUTHENTICATED, FLOWLINE_FORBIDDEN.
 */
export function authorise({ scope, detector }: Route, caller: Caller | null, params: unknown): void {
  if (scope === null) return;
  if (caller === null) throw unauthenticated('This needs a token.');
  caller.requireScope(scope);
  if (detector === 'all') caller.requireAllDetectors();
  if (detector === 'path') caller.requireDetector(String((params as { readonly detector: unknown }).detector));
}
