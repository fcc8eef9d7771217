import { parseDetector } from '@flowline/config';
import { minimumRows } from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import { featuresOf, profileTable, type TableProfile, writtenDetector } from '@flowline/tables';

import { copiesWarning } from '../fit/copies.ts';
import { driftWarning } from '../fit/drift.ts';
import { readHistory, rejectedWarnings } from '../fit/read-history.ts';
import type { ReadOrigin } from './read-origin.ts';

/** Detector that was written for a table. */
export interface NewDetectorFile {
  readonly name: string;
  /** Text of its file, with comments. */
  readonly yaml: string;
  readonly profile: TableProfile;
  readonly warnings: readonly string[];
}

/** Shares of a history that neither train nor validate: for calibration and test. */
const HELD_OUT = 0.4;

/**
 * Writes a detector for rows: their profile, what moved between their halves, and the rows that a
 * training needs. The text is checked as `flowline validate` does.
 */
export async function newDetector(
  { table, origin, warnings: known }: ReadOrigin,
  { name, ignore }: { readonly name: string; readonly ignore: readonly string[] },
): Promise<NewDetectorFile> {
  const profile = profileTable(table, { ignore });
  const schema = featuresOf(profile);
  const spec = {
    schema,
    lookups: {},
    entity: null,
    name,
    family: 'realNVP',
    seed: 1,
    members: 1,
    data: 'unlabelled',
  } as const;
  const history = readHistory(table, { spec, names: { time: profile.time?.spec ?? null, id: null } });
  const drift = await driftWarning(table.where, schema, history.table);
  const copies = copiesWarning(table.where, schema, history.table);
  const leastRows = Math.ceil(minimumRows.train / (1 - HELD_OUT));
  const about = [drift, copies].filter((warning) => warning !== null);
  const warnings = [
    ...known,
    ...(profile.time === null ? ['No column looks like the time of the event: write it under source.time.'] : []),
    ...(profile.rows < leastRows
      ? [
          `A training needs at least ${leastRows} rows; there are ${profile.rows}. With model.family: auto it takes 100.`,
        ]
      : []),
    ...rejectedWarnings(history),
    ...about,
  ];
  const yaml = writtenDetector(profile, { name, origin, leastRows, warnings: about });
  checkWritten(yaml, name);
  return { name, yaml, profile, warnings };
}

/** Checks that the text is a detector: a name that is none may come from the command line. */
function checkWritten(yaml: string, name: string): void {
  parseDetector(yaml, `${name}.yaml`, (file) => {
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} is not read here.`);
  });
}
