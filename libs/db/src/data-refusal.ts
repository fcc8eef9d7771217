import type { Alert } from '@flowline/events';

import { errorCode } from './database-error.ts';

/**
 * SQLSTATE classes of refusals because of a row's data: values, constraints, limits of the server.
 */
const DATA_ERRORS = /^(22|23|54)...$/;

/** True if Postgres refused rows because of their data: the same rows will always be refused. */
export function isDataRefusal(error: unknown): boolean {
  return DATA_ERRORS.test(errorCode(error) ?? '');
}

/** Part of an alert in ASCII: a database not in UTF-8 cannot store the dashes of its text. */
export function asciiAlert<Part extends Partial<Alert>>(alert: Part): Part {
  const text = JSON.stringify(alert)
    .replace(/[\u2012-\u2015\u2212]/g, '-')
    .replaceAll('\u2026', '...')
    .replace(/[^\x20-\x7e]/g, '?');
  return JSON.parse(text) as Part;
}
