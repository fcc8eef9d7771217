import { useEffect, useState } from 'preact/hooks';

import { createStore, useStore } from './store.ts';

/** Address of a page, below the folder of the pages. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const ROOT = '/ui';

const placeOf = ({ pathname, search }: Location): Place => ({
  path: pathname.slice(ROOT.length).replace(/\/+$/, '') || '/',
  query: new URLSearchParams(search),
});

const place = createStore<Place>(placeOf(location));
addEventListener('popstate', () => place.set(placeOf(location)));

/** Address of a page as a link has it. */
export const addressOf = (path: string): string => ROOT + path;

/** Goes to a page. `replace`: the page before is not one to go back to. */
export function navigate(path: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  show(path, replace);
  if (!replace) scrollTo(0, 0);
}

function show(path: string, isInPlace: boolean): void {
  if (isInPlace) history.replaceState(null, '', addressOf(path));
  else history.pushState(null, '', addressOf(path));
  place.set(placeOf(location));
}

/** Address of the page that is shown. */
export const usePlace = (): Place => useStore(place);

/**
 * Sets filters of the page in its address; empty ones are left out. `isStep`: what is shown now is
 * something to go back to, such as the page of a list before the next one.
 */
export function setQuery(
  changes: Readonly<Record<string, string | null>>,
  { isStep = false }: { readonly isStep?: boolean } = {},
): void {
  const { path, query } = placeOf(location);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  show(text === '' ? path : `${path}?${text}`, !isStep);
}

/** Text that follows a filter of the address, and is written there once typing pauses. */
export function useQueryText(name: string, pauseMs = 300): [string, (text: string) => void] {
  const stored = usePlace().query.get(name) ?? '';
  const [text, setText] = useState(stored);
  useEffect(() => setText(stored), [stored]);
  useEffect(() => {
    if (text === stored) return;
    const timer = setTimeout(() => setQuery({ [name]: text, after: null }), pauseMs);
    return () => clearTimeout(timer);
  }, [text, stored, name, pauseMs]);
  return [text, setText];
}
