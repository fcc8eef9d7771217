import { setTimeout as sleep } from 'node:timers/promises';

import { applyDetector, commitBatch, deleteDetector } from '@flowline/db';
import { FlowlineError } from '@flowline/events';

import type { TestDatabase } from '../../support/postgres.ts';
import { scoredBatch } from '../../support/postgres-batch.ts';
import { until } from '../../support/until.ts';
import type { Scenario } from '../scenario.ts';

const TURNS = 20;
const ROWS = 50;
const DETECTOR = 'checkout';
const deleted = `SELECT 1 FROM flowline.detectors WHERE state = 'deleted'`;
const ALERTS = { alertTopic: 'alerts' };

export const dropDetector: Scenario = {
  id: 'R21',
  name: 'drop-detector',
  title: 'the data of a detector are dropped while it is applied again, twenty times',
  run: async (stage) => {
    const database = await stage.createDatabase();
    const { db } = database;
    const old = scoredBatch({ size: stage.quick ? 5_000 : 50_000 });
    let refused = 0;
    let lost = 0;
    let left = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      await applyDetector(db, { name: DETECTOR });
      await commitBatch(db, old, ALERTS);
      const dropping = deleteDetector(db, DETECTOR, { dropData: true });
      await until('the detector is deleted', async () => (await database.query(deleted)).length > 0, { everyMs: 1 });
      // The new life of the detector begins as early as possible, and writes at once.
      refused += await applyPatiently(database);
      await commitBatch(db, scoredBatch({ size: ROWS, anomalies: [1] }), ALERTS);
      await dropping;
      const [row] = await database.query(
        `SELECT count(*)::integer AS events, (SELECT count(*)::integer FROM flowline.anomalies) AS anomalies
         FROM flowline.scored_events`,
      );
      const events = Number(row?.events);
      lost += Math.max(0, ROWS - events) + (row?.anomalies === 1 ? 0 : 1);
      left += Math.max(0, events - ROWS);
      await deleteDetector(db, DETECTOR, { dropData: true });
    }
    await database.close();
    return {
      events: TURNS * ROWS,
      lost,
      duplicated: left,
      recoverySeconds: null,
      // Timing decides whether the new life is refused for a while; either way it must be stored
      // whole.
      claims: {},
      counts: { refused },
    };
  },
};

/** Applies the detector, retrying until it is accepted. Returns the number of refusals. */
async function applyPatiently({ db }: TestDatabase): Promise<number> {
  for (let refused = 0; ; refused++) {
    try {
      await applyDetector(db, { name: DETECTOR });
      return refused;
    } catch (error) {
      if (!(error instanceof FlowlineError && error.code === 'FLOWLINE_DETECTOR_DROPPING')) throw error;
      await sleep(1);
    }
  }
}
