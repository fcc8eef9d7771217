import { FlowlineError, messageOf } from '@flowline/events';

import { errorCode } from './database-error.ts';

/** Report of an error, as a run keeps it. */
interface PublicReport {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

/**
 * Report of an error for readers without access to its data: the Postgres message of a failed
 * statement may quote any of it.
 */
export function publicReport(error: unknown): PublicReport {
  if (!(error instanceof FlowlineError)) {
    return { code: 'FLOWLINE_TRAINING_FAILED', message: messageOf(error), remedy: null };
  }
  const { code, publicMessage, remedy = null, cause } = error;
  if (code !== 'FLOWLINE_DATABASE_FAILED') return { code, message: publicMessage, remedy };
  return { code, message: `Postgres refused a statement with SQLSTATE ${errorCode(cause) ?? 'unknown'}.`, remedy };
}
