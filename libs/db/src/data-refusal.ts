import { type Alert, FlowlineError } from '@flowline/events';

import type { Queryable } from './database.ts';
import { errorCode } from './database-error.ts';

/**
 * SQLSTATE classes of refusals because of a row's data: values, constraints, limits of the server.
 */
const DATA_ERRORS = /^(22|23|54)...$/;

/** True if Postgres refused rows because of their data: the same rows will always be refused. */
function isDataRefusal(error: unknown): error is Error {
  return error instanceof Error && DATA_ERRORS.test(errorCode(error) ?? '');
}

/** True if a transaction ended because Postgres refused rows for their data. */
export function endedByRefusal(error: unknown): error is FlowlineError {
  return error instanceof FlowlineError && isDataRefusal(error.cause);
}

/**
 * Does a part of a transaction. Returns the refusal if Postgres refuses its data: the transaction
 * then goes on without the part; null if it is done.
 */
export async function refusalOf(client: Queryable, part: () => Promise<void>): Promise<Error | null> {
  await client.query('SAVEPOINT part');
  try {
    await part();
    return null;
  } catch (error) {
    if (!isDataRefusal(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT part');
    return error;
  }
}

/** Part of an alert in ASCII: a database not in UTF-8 cannot store the dashes of its text. */
export function asciiAlert<Part extends Partial<Alert>>(alert: Part): Part {
  const text = JSON.stringify(alert)
    .replace(/[\u2012-\u2015\u2212]/g, '-')
    .replaceAll('\u2026', '...')
    .replace(/[^\x20-\x7e]/g, '?');
  return JSON.parse(text) as Part;
}
