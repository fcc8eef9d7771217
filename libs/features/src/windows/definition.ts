import { createHash } from 'node:crypto';

import { type EntitySpec, type Expression, type FeatureSpec, operandsOf } from '@flowline/events';

import type { Lookups } from '../lookup-column.ts';
import type { Retention } from './series.ts';
import { seriesOf, type Window, windowsOf } from './window.ts';

/** Version of the state in snapshots, and the one before, which is read as well. */
const STATE_VERSION = 3;
const OLD_STATE_VERSION = 2;

/** Limits on what the windows of a partition remember. */
export interface WindowLimits {
  readonly maxEntities: number;
  readonly maxEvents: number;
}

/** Windows of a schema over the past of its entities, compiled. */
export interface WindowsDefinition {
  /** Identifies the windows and their limits. States with different ids are incompatible. */
  readonly id: string;
  /** Id of the same windows in the state format before. */
  readonly oldId: string;
  readonly windows: readonly PlacedWindow[];
  /** Parts of the series of an entity that windows may still read. */
  readonly retentions: readonly Retention[];
}

/** A window, and the index of the series that it is over. */
type PlacedWindow = Window & { readonly series: number };

/**
 * Compiles the windows of a schema.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for invalid windows.
 */
export function defineWindows(
  schema: readonly FeatureSpec[],
  lookups: Lookups,
  entity: EntitySpec,
  { maxEntities, maxEvents }: WindowLimits,
): WindowsDefinition {
  const windows = windowsOf(schema);
  const sources = seriesOf(windows);
  const ids = sources.map((of) => JSON.stringify(of));
  const placed = windows.map((window) => ({ ...window, series: ids.indexOf(JSON.stringify(window.of)) }));
  // Past values that came from a lookup table are invalid under another table, so tables are part
  // of the id.
  const tables = sources.flatMap((of) => (of === null ? [] : lookupTables(of))).map((name) => [name, lookups[name]]);
  const idOf = (version: number): string =>
    createHash('sha256')
      .update(JSON.stringify([version, entity, windows.map(({ id }) => id), tables, maxEntities, maxEvents]))
      .digest('hex');
  return {
    id: idOf(STATE_VERSION),
    oldId: idOf(OLD_STATE_VERSION),
    windows: placed,
    retentions: sources.map((_, series) => longest(placed.filter((window) => window.series === series))),
  };
}

/** Reach of several windows over one series. */
const longest = (windows: readonly Window[]): Retention => ({
  events: Math.max(...windows.map(({ needs }) => needs.events)),
  ms: Math.max(...windows.map(({ needs }) => needs.ms)),
});

/** Names of the lookup tables that an expression reads. */
function lookupTables(expression: Expression): string[] {
  if (typeof expression === 'string') return [];
  const own = 'lookup' in expression ? [expression.lookup.table] : [];
  return [...own, ...operandsOf(expression).flatMap(lookupTables)];
}
