import type { WrittenPiece } from '@flowline/db';
import { createLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { AnomalyBacklog } from './anomaly-backlog.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const piece = { batch: { anomalies: [] }, waitedMs: 0 } as unknown as WrittenPiece;

/** Backlog of `pieces` that wait, and the times of its looks at them. */
function started(pieces: (WrittenPiece | Error)[]) {
  const stop = new AbortController();
  let looks = 0;
  let written = 0;
  const backlog = new AnomalyBacklog({
    writeOut: () => {
      looks++;
      const next = pieces.shift() ?? null;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    onWritten: () => written++,
    logger,
    headStartMs: 5,
  });
  const ended = backlog.run(stop.signal);
  return {
    backlog,
    state: () => ({ looks, written, isWaiting: backlog.isWaiting }),
    turn: () => new Promise((resolve) => setTimeout(resolve, 60)),
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}

describe('the backlog of anomalies', () => {
  it('writes out what waited from the start, one piece after another', async () => {
    const run = started([piece, piece, piece]);
    await run.turn();
    expect(run.state()).toEqual({ looks: 4, written: 3, isWaiting: false });
    await run.stop();
  });

  it('looks again soon after anomalies have joined, and knows until then that they wait', async () => {
    const pieces: WrittenPiece[] = [];
    const run = started(pieces);
    await run.turn();
    pieces.push(piece);
    run.backlog.joined();
    expect(run.state()).toEqual({ looks: 1, written: 0, isWaiting: true });
    await run.turn();
    expect(run.state()).toEqual({ looks: 3, written: 1, isWaiting: false });
    await run.stop();
  });

  it('knows that anomalies wait which join while it finds none', async () => {
    const stop = new AbortController();
    let found = 0;
    const backlog: AnomalyBacklog = new AnomalyBacklog({
      writeOut: () => {
        if (found++ === 0) backlog.joined();
        else stop.abort();
        return Promise.resolve(null);
      },
      onWritten: () => undefined,
      logger,
    });
    const ended = backlog.run(stop.signal);
    await ended;
    expect(found).toBe(2);
  });

  it('goes on after a failure, and ends with the signal', async () => {
    const run = started([new Error('the database is away'), piece]);
    await run.turn();
    expect(run.state()).toMatchObject({ looks: 1, written: 0 });
    await run.stop();
  });
});
