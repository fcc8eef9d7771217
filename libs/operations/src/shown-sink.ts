import type { SinkSpec } from '@flowline/config';

/** Spec of a sink as people see it: addresses without what may be a secret, their path. */
export function shownSpec(spec: SinkSpec): SinkSpec {
  const shown = Object.entries(spec).map(([kind, options]) => [
    kind,
    typeof options === 'object' && 'url' in options ? { ...options, url: shownUrl(options.url) } : options,
  ]);
  return Object.fromEntries(shown) as SinkSpec;
}

/** Address without what may be a secret: its path and its query. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) return url;
  const { origin, pathname, search } = new URL(url);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}
