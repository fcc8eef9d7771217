import { FlowlineError } from '@flowline/events';

/**
 * Where a database is, without its user and password: `host:port/database`.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID for a text that is no URL; it does not quote the text.
 */
export function databaseAddress(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new FlowlineError('FLOWLINE_CONFIG_INVALID', 'The database URL is not a URL.', {
      where: 'FLOWLINE_DATABASE_URL',
      remedy:
        'Write postgres://user:password@host:port/database, with special characters of the password percent-encoded.',
    });
  }
  const host = parsed.hostname === '' ? (parsed.searchParams.get('host') ?? 'localhost') : parsed.hostname;
  return `${host}:${parsed.port === '' ? '5432' : parsed.port}${decodeURIComponent(parsed.pathname)}`;
}
