import { randomUUID } from 'node:crypto';

import { badRequest } from './invalid-request.ts';
import { problemOf } from './problem.ts';
import { securityHeaders } from './security-headers.ts';

/** Response to bytes that are no request, or one whose first line and headers exceed 16 KiB. */
export function answerToNoRequest(): string {
  const message = 'The request is not HTTP, or its first line and headers have more than 16 KiB.';
  const problem = problemOf(badRequest('the request', message, 'Send a shorter URL and headers.'), randomUUID());
  const body = JSON.stringify(problem);
  return [
    'HTTP/1.1 400 Bad Request',
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n');
}
