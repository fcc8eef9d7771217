import { execute, many } from '../statement.ts';

/** Request that changed something, or was refused. */
export interface AuditRow {
  readonly auditId: number;
  readonly at: Date;
  /** Name of the token at that time. */
  readonly actor: string;
  readonly tokenId: number | null;
  /** Method and route. */
  readonly action: string;
  /** Path of the request. */
  readonly target: string;
  readonly detector: string | null;
  readonly requestId: string;
  /** HTTP status of the response. */
  readonly outcome: number;
}

/** Adds an entry. */
export const insertAudit = execute<{
  actor: string;
  tokenId: number | null;
  action: string;
  target: string;
  detector: string | null;
  requestId: string;
  outcome: number;
}>(`
  INSERT INTO flowline.audit_log (actor, token_id, action, target, detector, request_id, outcome)
  VALUES (:actor, :tokenId, :action, :target, :detector, :requestId, :outcome)
`);

/** Selects entries, the newest first, below an id. */
export const selectAudit = many<AuditRow, { before: number | null; limit: number }>(`
  SELECT audit_id AS "auditId", at, actor, token_id AS "tokenId", action, target, detector,
         request_id AS "requestId", outcome
  FROM flowline.audit_log WHERE :before::bigint IS NULL OR audit_id < :before
  ORDER BY audit_id DESC LIMIT :limit
`);
