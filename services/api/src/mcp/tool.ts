import type { TokenScope } from '@flowline/db';
import type { z } from 'zod';

import { callRoute, type RouteCall } from '../call-route.ts';
import type { Caller } from '../caller.ts';
import type { ApiParts, Route } from '../route.ts';
import { routes } from '../routes.ts';

/** Facts of a tool, as clients see them. */
interface ToolFacts {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** True if what it returns holds text that came from events or tables. */
  readonly holdsData: boolean;
  /** False if a second call with the same arguments does something more (default: true). */
  readonly idempotent?: boolean;
}

/** Tool of the MCP server. */
export interface Tool extends ToolFacts {
  readonly input: z.ZodType;
  /** Scope that a token needs. */
  readonly scope: TokenScope;
  /** True if it changes something. */
  readonly changes: boolean;
  run(input: never, caller: Caller, parts: ApiParts): Promise<unknown>;
}

/** Defines a tool; it gets its arguments as its schema reads them. */
export function tool<Input>(
  definition: Omit<Tool, 'input' | 'run'> & {
    readonly input: z.ZodType<Input>;
    readonly run: (input: Input, caller: Caller, parts: ApiParts) => Promise<unknown>;
  },
): Tool {
  return definition;
}

/** Defines a tool that does what a route of the API does, for whom the route does it. */
export function routeTool<Input>(
  definition: ToolFacts & {
    /** Method and path of the route. */
    readonly route: string;
    readonly input: z.ZodType<Input>;
    readonly call: (input: Input) => RouteCall;
  },
): Tool {
  const { route: named, call, ...facts } = definition;
  const route = routeOf(named);
  return tool<Input>({
    ...facts,
    scope: route.scope ?? 'read',
    changes: route.method !== 'GET' && route.scope !== 'read',
    run: (input, caller, parts) => callRoute(route, call(input), caller, parts),
  });
}

/** Route by its method and path. */
export function routeOf(named: string): Route {
  const found = routes.find(({ method, path }) => `${method} ${path}` === named);
  if (found === undefined) throw new Error(`There is no route ${named}.`);
  return found;
}

/** Parameters of a query, as a URL has them; those that are not set are left out. */
export function queryOf(input: object): Readonly<Record<string, string>> {
  const set = Object.entries(input).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
}
