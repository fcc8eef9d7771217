import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import type { BinaryCopy } from './binary-copy.ts';

/**
 * Sends the rows of a COPY, from `firstRow` on, and waits until the server has accepted all of
 * them.
 */
export async function copyRows(client: pg.ClientBase, text: string, data: BinaryCopy, firstRow = 0): Promise<void> {
  const expected = data.rows - firstRow;
  const stream = client.query(copyFrom(text));
  await new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.on('error', reject);
    for (const chunk of data.chunks(firstRow)) stream.write(chunk);
    stream.end();
  });
  if (stream.rowCount !== expected) throw new Error(`COPY stored ${stream.rowCount} rows of ${expected}`);
}
