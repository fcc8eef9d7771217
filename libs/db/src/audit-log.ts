import type { Database } from './database.ts';
import { plainText } from './json-text.ts';
import { type AuditRow, insertAudit, selectAudit } from './sql/audit-log.ts';
import { withTransaction } from './transaction.ts';

/** Entry of the audit log. */
export type AuditEntry = AuditRow;

/** Maximum characters of a path, or of a name in it, that are kept. */
const TARGET_CHARACTERS = 500;

/** Adds an entry to the audit log. */
export async function recordAudit(db: Database, entry: Omit<AuditEntry, 'auditId' | 'at'>): Promise<void> {
  const bounded = (text: string): string => plainText(text.slice(0, TARGET_CHARACTERS));
  const target = bounded(entry.target);
  const detector = entry.detector === null ? null : bounded(entry.detector);
  await withTransaction(db, (client) => insertAudit(client, { ...entry, target, detector }));
}

/** Lists entries of the audit log, the newest first, below an id. */
export function listAudit(
  db: Database,
  { before, limit = 50 }: { readonly before?: number; readonly limit?: number } = {},
): Promise<AuditEntry[]> {
  return withTransaction(db, (client) => selectAudit(client, { before: before ?? null, limit }));
}
