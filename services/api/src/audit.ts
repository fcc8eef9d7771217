import { recordAudit } from '@flowline/db';

import type { Caller } from './caller.ts';
import type { ApiParts, Route } from './route.ts';

/** Call of a route, as the audit log names it. */
export interface AuditedCall {
  readonly caller: Caller | null;
  /** Path that was called. */
  readonly target: string;
  /** Detector of the path; null for none. */
  readonly detector: string | null;
  readonly requestId: string;
}

/** Logs a call that changes something, done or refused. */
export async function auditCall(
  { db }: Pick<ApiParts, 'db'>,
  route: Route,
  { caller, target, detector, requestId }: AuditedCall,
  outcome: number,
): Promise<void> {
  if (route.method === 'GET' || route.scope === 'read' || caller === null) return;
  const { name: actor, tokenId } = caller.token;
  const action = `${route.method} ${route.path}`;
  await recordAudit(db, {
    ...{ actor, action, target, detector, requestId, outcome },
    tokenId: caller.isLocal ? null : tokenId,
  });
}
