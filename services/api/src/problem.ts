import { type ErrorCode, errorCodes, FlowlineError } from '@flowline/events';
import { errorReport } from '@flowline/telemetry';
import { z } from 'zod';

/** HTTP status of an error, by its code; any other is 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  FLOWLINE_USAGE: 400,
  FLOWLINE_REQUEST_INVALID: 400,
  FLOWLINE_UNAUTHENTICATED: 401,
  FLOWLINE_FORBIDDEN: 403,
  FLOWLINE_NOT_FOUND: 404,
  FLOWLINE_DETECTOR_MISSING: 404,
  FLOWLINE_MODEL_MISSING: 404,
  FLOWLINE_RESOURCE_MISSING: 404,
  FLOWLINE_METHOD_NOT_ALLOWED: 405,
  FLOWLINE_CONFLICT: 409,
  FLOWLINE_LINK_EXPIRED: 410,
  FLOWLINE_DETECTOR_DROPPING: 409,
  FLOWLINE_TRAINING_BUSY: 409,
  FLOWLINE_PRECONDITION_FAILED: 412,
  FLOWLINE_REQUEST_TOO_LARGE: 413,
  FLOWLINE_CONFIG_INVALID: 422,
  FLOWLINE_FEATURES_INVALID: 422,
  FLOWLINE_FILE_UNREADABLE: 422,
  FLOWLINE_RATE_LIMITED: 429,
  // The sender has gone: the status is for the metrics.
  FLOWLINE_ABORTED: 499,
  FLOWLINE_DATABASE_UNREACHABLE: 503,
  FLOWLINE_BROKER_UNREACHABLE: 503,
  FLOWLINE_BACKEND_UNAVAILABLE: 503,
};

/** Fastify's own errors, as ours. */
const ofFastify: Readonly<
  Record<string, { readonly code: ErrorCode; readonly remedy: string; readonly message?: string }>
> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'FLOWLINE_REQUEST_TOO_LARGE',
    remedy: 'Send a body of at most 1 MiB, a document of at most 128 KiB, or a form of at most 16 KiB.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'FLOWLINE_REQUEST_INVALID',
    remedy: 'Send JSON with the header content-type: application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'FLOWLINE_REQUEST_INVALID',
    remedy: 'Send as many bytes as the header content-length says.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    code: 'FLOWLINE_REQUEST_INVALID',
    message: 'A part of the path is longer than any name or id.',
    remedy: 'Correct the name or the id.',
  },
  FST_ERR_BAD_URL: { code: 'FLOWLINE_REQUEST_INVALID', remedy: 'Encode the path as UTF-8 in percent-encoding.' },
};

/** Problem details of a response (RFC 9457), with our code, place and remedy. */
export const problemSchema = z.strictObject({
  type: z.string().describe('URN of the code.'),
  title: z.string().describe('Meaning of the code.'),
  status: z.int(),
  detail: z.string().describe('What happened.'),
  code: z.string().describe('Stable code; see the reference of errors.'),
  where: z.string().nullable().describe('Place of the error: a field, a header, a detector.'),
  remedy: z.string().nullable().describe('Action for the caller.'),
  retryable: z.boolean().describe('True if the same request may succeed later.'),
  requestId: z.string().describe('Id of the request, also in the log and in the audit log.'),
});

/** Problem details of a response. */
export type Problem = z.output<typeof problemSchema>;

/** Converts any thrown value to problem details. Those of an error of ours (5xx) hold no data. */
export function problemOf(error: unknown, requestId: string): Problem {
  const { code, message, where, remedy, retryable } = errorReport(translated(error));
  const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : null;
  const status = known === null ? 500 : (statuses[known] ?? 500);
  const isOurs = status >= 500;
  return {
    type: `urn:flowline:error:${code}`,
    title: known === null ? 'an unexpected error' : errorCodes[known],
    status,
    detail: isOurs ? 'The service could not do it; its log says why.' : message,
    code,
    where: isOurs ? null : where,
    remedy: isOurs ? `Look for ${requestId} in the log of the service.` : remedy,
    retryable,
    requestId,
  };
}

function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof FlowlineError || !('code' in error)) return error;
  const code = String(error.code);
  const ours = ofFastify[code];
  if (ours !== undefined)
    return new FlowlineError(ours.code, ours.message ?? error.message, { remedy: ours.remedy, where: 'the request' });
  const status = 'statusCode' in error ? Number(error.statusCode) : NaN;
  if (!code.startsWith('FST_ERR_CTP_') && !(status >= 400 && status < 500)) return error;
  return new FlowlineError('FLOWLINE_REQUEST_INVALID', error.message, { where: 'the request', remedy: 'Correct it.' });
}
