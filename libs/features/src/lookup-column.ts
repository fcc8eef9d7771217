import { FlowlineError, type LookupTable } from '@flowline/events';

import { levelText } from './level-text.ts';

/** Lookup tables by name. */
export type Lookups = Readonly<Record<string, LookupTable>>;

/**
 * Column of a lookup table: its value per key, as the text of a level.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for an unknown table or column.
 */
export function lookupColumn(
  table: string,
  column: string,
  lookups: Lookups,
): ReadonlyMap<string, string | number | null> {
  const lookup = Object.hasOwn(lookups, table) ? lookups[table] : undefined;
  if (lookup === undefined) {
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `There is no lookup table ${table}.`, {
      where: `lookups.${table}`,
      remedy: `Declare it under lookups${Object.keys(lookups).length > 0 ? `, or use one of: ${Object.keys(lookups).join(', ')}` : ''}.`,
    });
  }
  const rows = new Map<string, string | number | null>();
  let found = false;
  for (const [rowKey, row] of Object.entries(lookup.rows)) {
    found ||= Object.hasOwn(row, column);
    rows.set(levelText(rowKey), Object.hasOwn(row, column) ? (row[column] ?? null) : null);
  }
  if (!found) {
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `The lookup table ${table} has no column ${column}.`, {
      where: `lookups.${table}`,
      remedy: 'Name a column of the table.',
    });
  }
  return rows;
}
