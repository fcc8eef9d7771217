import type { Coding } from './accepted-coding.ts';
import { badRequest } from './invalid-request.ts';

/** ETag of a version. */
export const etagOf = (version: number): string => `"${version}"`;

/**
 * ETag of a representation in a coding: another one than that of the plain representation, since
 * the bytes are others.
 */
export const codedEtag = (etag: string, coding: Coding | null): string =>
  coding === null ? etag : etag.replace(/"$/, `-${coding}"`);

/** True if a header If-None-Match names an ETag. */
export const namesEtag = (noneMatch: unknown, etag: string): boolean =>
  typeof noneMatch === 'string' && noneMatch.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);

/** Version that a caller has read: a number, null for a resource that must not exist yet. */
export type ExpectedVersion = number | null | undefined;

/**
 * Version that the headers If-Match or If-None-Match expect; undefined if they expect none.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID for any other text.
 */
export function expectedVersion(headers: Readonly<Record<string, unknown>>): ExpectedVersion {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (noneMatch === '*' && match === undefined) return null;
  if (noneMatch !== undefined)
    throw badRequest('If-None-Match', 'If-None-Match is not "*".', 'Send * for what must be new.');
  if (match === undefined) return undefined;
  const version = typeof match === 'string' ? /^"(\d{1,9})(-(br|gzip))?"$/.exec(match)?.[1] : undefined;
  if (version !== undefined) return Number(version);
  throw badRequest('If-Match', 'If-Match is no ETag of a version.', 'Send the ETag of the GET as it came.');
}
