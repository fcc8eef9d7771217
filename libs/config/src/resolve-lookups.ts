import { FlowlineError, type LookupTable } from '@flowline/events';

import type { LookupSource } from './detector-definition.ts';
import type { DetectorDocument } from './detector-document.ts';
import type { Path, Report } from './finding.ts';
import { lookupFromCsv } from './lookup-csv.ts';

/** Reads a file that a detector names (a CSV lookup), by the path written there. */
export type ReadText = (relativePath: string) => string;

/** Resolves the lookup tables, inlines those of CSV files, and reports every finding. */
export function resolveLookups(
  spec: DetectorDocument['spec'],
  readText: ReadText,
  report: Report,
): Record<string, LookupSource> {
  const resolved: Record<string, LookupSource> = {};
  for (const [name, lookup] of Object.entries(spec.lookups ?? {})) {
    const at = ['spec', 'lookups', name];
    const given = (['query', 'csv', 'rows'] as const).filter((option) => lookup[option] !== undefined);
    if (given.length !== 1) {
      const finding = given.length === 0 ? 'none of query, csv and rows' : `both ${given.slice(0, 2).join(' and ')}`;
      report(at, finding, 'write exactly one of query, csv and rows');
    } else if (lookup.rows !== undefined) {
      resolved[name] = { table: { key: lookup.key, rows: lookup.rows } };
    } else if (lookup.query !== undefined) {
      resolved[name] = { query: lookup.query, key: lookup.key };
    } else if (lookup.csv !== undefined) {
      const table = readLookup(lookup.csv, lookup.key, readText, at, report);
      if (table !== undefined) resolved[name] = { table };
    }
  }
  return resolved;
}

function readLookup(csv: string, key: string, readText: ReadText, at: Path, report: Report): LookupTable | undefined {
  try {
    return lookupFromCsv(readText(csv), key, csv);
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    report([...at, 'csv'], error.message, error.remedy ?? 'correct the file');
    return undefined;
  }
}
