import { FlowlineError } from '@flowline/events';

/**
 * Address of a database without user and password: `host:port/database`.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID for a text that is not a URL, or in which part of
 * the password may be taken for the host; the message does not quote the text.
 */
export function databaseAddress(url: string): string {
  const { hostname, port, pathname, search, hash, searchParams } = parse(url);
  // An unencoded "@" or "/" ends the password of a URL early: the rest of it would be shown as the
  // host.
  if (`${pathname}${search}${hash}`.includes('@')) throw invalid('has an "@" behind the host');
  const host = hostname === '' ? (searchParams.get('host') ?? 'localhost') : hostname;
  return `${host}:${port === '' ? '5432' : port}${decoded(pathname)}`;
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw invalid('is not a URL');
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid('has a database name with a "%" that is not encoded');
  }
}

function invalid(finding: string): FlowlineError {
  return new FlowlineError('FLOWLINE_CONFIG_INVALID', `The database URL ${finding}.`, {
    where: 'FLOWLINE_DATABASE_URL',
    remedy:
      'Write postgres://user:password@host:port/database, with special characters of the password percent-encoded.',
  });
}
