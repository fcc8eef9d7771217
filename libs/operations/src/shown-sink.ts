import { isReference, type SinkSpec } from '@flowline/config';

/** Spec of a sink as people see it: addresses without what may be a secret, their path. */
export function shownSpec(spec: SinkSpec): SinkSpec {
  const shown = Object.entries(spec).map(([kind, options]) => [
    kind,
    typeof options === 'object' && 'url' in options ? { ...options, url: shownUrl(options.url) } : options,
  ]);
  return Object.fromEntries(shown) as SinkSpec;
}

/** Reference, or address without what may be a secret: its path and its query. */
export function shownUrl(url: string): string {
  if (isReference(url)) return url;
  // Whatever it looks like: an address may begin with capitals or white space.
  if (!URL.canParse(url)) return '…';
  const { origin, pathname, search } = new URL(url);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}
