import type { Caller } from './caller.ts';
import { unauthenticated } from './authenticate.ts';
import type { Route } from './route.ts';

/**
 * Checks that a request has a token if its route needs one, before its body is read.
 * @throws FlowlineError FLOWLINE_UNAUTHENTICATED.
 */
export function requireCaller({ scope }: Pick<Route, 'scope'>, caller: Caller | null): void {
  if (scope !== null && caller === null) throw unauthenticated('This needs a token.');
}

/**
 * Checks that the sender of a request may call a route, as far as path and token tell. Lists and
 * single resources are checked by their handlers, which know the detector.
 * @throws FlowlineError FLOWLINE_UNAUTHENTICATED, FLOWLINE_FORBIDDEN.
 */
export function authorise(route: Route, caller: Caller | null, params: unknown): void {
  const { scope, detector } = route;
  requireCaller(route, caller);
  if (scope === null || caller === null) return;
  caller.requireScope(scope);
  if (detector === 'all') caller.requireAllDetectors();
  if (detector === 'path') caller.requireDetector(String((params as { readonly detector: unknown }).detector));
}
