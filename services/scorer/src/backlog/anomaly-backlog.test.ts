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
    run.backlog.joined(100);
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
        if (found++ === 0) backlog.joined(1);
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

  it('ends with the incident, although the anomalies of every day go on to wait behind it', async () => {
    const stop = new AbortController();
    let waiting = 40;
    const backlog = new AnomalyBacklog({
      writeOut: async () => {
        if (waiting === 0) return null;
        await new Promise((resolve) => setTimeout(resolve, 5));
        waiting--;
        return piece;
      },
      onWritten: () => undefined,
      logger,
      headStartMs: 5,
    });
    const ended = backlog.run(stop.signal);
    // One anomaly per batch: a stream that had no incident would write it out with the batch.
    const stream = setInterval(() => {
      waiting++;
      backlog.joined(1);
    }, 20);
    const deadlineMs = Date.now() + 5_000;
    while (waiting > 2 && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(stream);
    stop.abort();
    await ended;
    expect(waiting).toBeLessThanOrEqual(2);
  });

  it('goes on soon after a piece that took minutes', async () => {
    const stop = new AbortController();
    let nowMs = 0;
    let written = 0;
    const backlog: AnomalyBacklog = new AnomalyBacklog({
      writeOut: () => {
        nowMs += 120_000;
        backlog.joined(100);
        return Promise.resolve(piece);
      },
      onWritten: () => {
        if (++written === 2) stop.abort();
      },
      ...{ logger, longestPauseMs: 50 },
      nowMs: () => nowMs,
    });
    const startMs = performance.now();
    setTimeout(() => stop.abort(), 10_000).unref();
    await backlog.run(stop.signal);
    expect(written).toBe(2);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
