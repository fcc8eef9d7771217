import type { Settings } from '@flowline/config';
import type { Database, TokenScope } from '@flowline/db';
import type { Health, Logger, Metrics } from '@flowline/telemetry';
import type { z } from 'zod';

import type { Caller } from './caller.ts';
import type { LiveStream } from './live/live-stream.ts';
import type { ScoringModels } from './scoring/scoring-models.ts';

/** Parts of the service that handlers use. */
export interface ApiParts {
  readonly db: Database;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly models: ScoringModels;
  readonly live: LiveStream;
}

/** Request whose parts fit the schemas of its route. */
export interface RouteRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Sender; null on a route without a scope that was called without a valid token. */
  readonly caller: Caller | null;
  /** Aborts if the sender goes before it has its response. */
  readonly signal: AbortSignal;
}

/** Response of a route; its body is sent as JSON unless it is text of another type, or bytes. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Response of a route, as it is documented. */
export interface ReplySpec {
  readonly description: string;
  readonly schema: z.ZodType;
  /** Media type (default: application/json). */
  readonly contentType?: string;
}

/**
 * Way in which a route is about detectors: one that its path names (`path`), one that its query may
 * name (`list`), one that the resource belongs to (`resource`), all of them (`all`), or none.
 */
export type DetectorPlace = 'path' | 'list' | 'resource' | 'all' | 'none';

/** Facts of a route, from which registration, OpenAPI, docs and tests are derived. */
export interface RouteFacts {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with its parameters in braces, as OpenAPI writes it. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** Scope that a token needs; null if none is needed. */
  readonly scope: TokenScope | null;
  readonly detector: DetectorPlace;
  readonly replies: Readonly<Record<number, ReplySpec>>;
  /** Statuses of problems that only this route has. */
  readonly problems?: readonly number[];
  /** Headers that the route reads, with their meaning. */
  readonly readsHeaders?: Readonly<Record<string, string>>;
  /** False for a POST whose response must not be kept for a repeat: it holds a secret. */
  readonly repeatable?: boolean;
  /** Form of the body: a JSON value (default), or text in YAML or JSON. */
  readonly bodyForm?: 'json' | 'document';
}

/** Route with its schemas and its handler. */
export interface Route extends RouteFacts {
  readonly params: z.ZodType | null;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  handle(request: RouteRequest<never, never, never>, parts: ApiParts): Promise<Reply>;
}

interface Schemas<Params, Query, Body> {
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly handle: (request: RouteRequest<Params, Query, Body>, parts: ApiParts) => Promise<Reply>;
}

/** Defines a route; its handler gets the parts of a request as its schemas read them. */
export function route<Params = undefined, Query = undefined, Body = undefined>(
  definition: RouteFacts & Schemas<Params, Query, Body>,
): Route {
  const { params = null, query = null, body = null, ...rest } = definition;
  return { ...rest, params, query, body };
}
