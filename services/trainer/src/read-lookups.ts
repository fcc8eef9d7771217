import type { DetectorDefinition } from '@flowline/config';
import { type Database, readLookup } from '@flowline/db';
import type { LookupTable } from '@flowline/events';

/** Reads the lookup tables of a detector, by name. */
export async function readLookups(
  db: Database,
  definition: DetectorDefinition,
  signal: AbortSignal,
): Promise<Record<string, LookupTable>> {
  const lookups: Record<string, LookupTable> = {};
  for (const [name, source] of Object.entries(definition.lookups)) {
    signal.throwIfAborted();
    lookups[name] = 'table' in source ? source.table : await readLookup(db, name, source.query, source.key);
  }
  return lookups;
}
