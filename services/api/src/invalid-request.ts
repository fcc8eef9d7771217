import { FlowlineError, printable } from '@flowline/events';
import type { z } from 'zod';

/** Findings listed in one error; the rest is counted. */
const MOST_FINDINGS = 10;
const FINDING_CHARACTERS = 200;

/** Creates the error for a part of a request (`query`, `body`) that does not fit its schema. */
export function invalidRequest(
  part: string,
  error: z.ZodError,
  remedy = 'See /openapi.json for what it takes.',
): FlowlineError {
  const findings = error.issues.map(({ path, message }) => {
    const place = path.map(String).join('.');
    return printable(place === '' ? message : `${place}: ${message}`, FINDING_CHARACTERS);
  });
  const shown = findings.slice(0, MOST_FINDINGS);
  const more = findings.length > shown.length ? `; and ${findings.length - shown.length} more` : '';
  return new FlowlineError('FLOWLINE_REQUEST_INVALID', `The ${part} is not valid: ${shown.join('; ')}${more}.`, {
    where: part,
    remedy,
  });
}

/** Creates the error for a request that is not valid in one point. */
export function badRequest(where: string, message: string, remedy: string): FlowlineError {
  return new FlowlineError('FLOWLINE_REQUEST_INVALID', message, { where, remedy });
}
