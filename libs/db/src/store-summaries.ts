import type { ScoredBatch } from '@flowline/events';
import type pg from 'pg';

import { scoreCells } from './score-cells.ts';
import { addSummaries } from './sql/score-summaries.ts';

/** Adds the scores of a batch, from a row on, to the intervals that charts are drawn from. */
export async function storeSummaries(
  client: pg.PoolClient,
  sourceId: number,
  batch: ScoredBatch,
  firstRow: number,
): Promise<void> {
  if (firstRow >= batch.size) return;
  const { seconds, cells } = scoreCells(batch, firstRow);
  if (cells.length === 0) return;
  await addSummaries(client, { sourceId, seconds, cells: JSON.stringify(cells) });
}
