import { readdir } from 'node:fs/promises';
import path from 'node:path';

import { labelledRows, type LabelledRows } from '@flowline/evaluation';
import { FlowlineError, messageOf } from '@flowline/events';
import { readTable } from '@flowline/tables';

/** Folder of the labelled sets, beside the repository. */
export const defaultFolder = path.resolve(import.meta.dirname, '../../../../shared/data/anomaly');

const SUFFIX = '.csv.gz';

/** Names of the labelled sets of a folder, in order. */
export async function setNames(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder).catch((cause: unknown) => {
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `The labelled sets cannot be read: ${messageOf(cause)}`, {
      where: folder,
      remedy: 'Name a folder of .csv.gz files with a column "label" (--from).',
      cause,
    });
  });
  return files.flatMap((file) => (file.endsWith(SUFFIX) ? [file.slice(0, -SUFFIX.length)] : [])).sort();
}

/** File of a labelled set. */
export const fileOf = (folder: string, name: string): string => path.join(folder, `${name}${SUFFIX}`);

/** Reads a labelled set: every column but `label` is a number. */
export async function readSet(folder: string, name: string): Promise<LabelledRows> {
  const table = await readTable(fileOf(folder, name), { format: { kind: 'csv', delimiter: ',' } });
  return labelledRows(table, { label: 'label' });
}
