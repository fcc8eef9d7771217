import { isDeepStrictEqual } from 'node:util';

import { isRecord } from './document-findings.ts';
import { formatPath, type Path } from './finding.ts';

/** Key of a document that differs: its value before and after, undefined where it is absent. */
export interface Change {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/**
 * Keys in which two documents differ, with their values. Lists of things with names, such as
 * features, are compared by name; other lists are one value.
 */
export function documentChanges(from: unknown, to: unknown): Change[] {
  return changesAt([], from, to);
}

function changesAt(path: Path, from: unknown, to: unknown): Change[] {
  if (isDeepStrictEqual(from, to)) return [];
  const named = [namedItems(from), namedItems(to)] as const;
  if (named[0] !== null && named[1] !== null) return listChanges(path, named[0], named[1]);
  const isNested = (isRecord(from) || from === undefined) && (isRecord(to) || to === undefined);
  if (!isNested) return [change(path, from, to)];
  const [before, after] = [from ?? {}, to ?? {}] as Readonly<Record<string, unknown>>[];
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  if (keys.length === 0) return [change(path, from, to)];
  return keys.flatMap((key) => changesAt([...path, key], before?.[key], after?.[key]));
}

type Items = ReadonlyMap<string, unknown>;

function listChanges(path: Path, from: Items, to: Items): Change[] {
  const names = [...new Set([...from.keys(), ...to.keys()])];
  const inner = names.flatMap((name) => changesAt([...path, name], from.get(name), to.get(name)));
  const common = (one: Items, other: Items): string[] => [...one.keys()].filter((name) => other.has(name));
  const [before, after] = [common(from, to), common(to, from)];
  return isDeepStrictEqual(before, after) ? inner : [...inner, change([...path, '(order)'], before, after)];
}

/** Items of a list by their names; null if it is none, or names are missing or repeated. */
function namedItems(value: unknown): Items | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const items = new Map<string, unknown>();
  for (const item of value as readonly unknown[]) {
    if (!isRecord(item) || typeof item.name !== 'string' || items.has(item.name)) return null;
    items.set(item.name, item);
  }
  return items;
}

const change = (path: Path, from: unknown, to: unknown): Change => ({
  path: formatPath(path),
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});
