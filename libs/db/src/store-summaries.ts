import type { ScoredBatch } from '@flowline/events';
import type pg from 'pg';

import { hourCells } from './hour-cells.ts';
import { scoreCells } from './score-cells.ts';
import { addSummaries } from './sql/score-summaries.ts';

/**
 * Adds the scores of a batch, from a row on, to the intervals that charts are drawn from: those by
 * the minute and by the hour.
 */
export async function storeSummaries(
  client: pg.PoolClient,
  sourceId: number,
  batch: ScoredBatch,
  firstRow: number,
): Promise<void> {
  if (firstRow >= batch.size) return;
  const minutes = scoreCells(batch, firstRow);
  if (minutes.cells.length === 0) return;
  const hours = hourCells(minutes);
  await addSummaries(client, {
    ...{ sourceId, seconds: minutes.seconds, cells: JSON.stringify(minutes.cells) },
    ...{ hourSeconds: hours.seconds, hours: JSON.stringify(hours.cells) },
  });
}
