import { checkAlertSchedules } from '@flowline/alerts/testing/alert-schedules';
import { at } from '@flowline/events';
import { firstRowBeyond } from '@flowline/db';
import type { StoredWindows } from '@flowline/events';
import { createRecordReader, EntityWindows } from '@flowline/features';
import { checkStreamSchedules } from '@flowline/scorer/testing/stream-schedules';
import { checkWindowSchedules, entity, log$, type LogRecord, schema } from '@flowline/scorer/testing/window-schedules';
import fc from 'fast-check';

import type { Scenario } from '../scenario.ts';

const SCHEDULES = 10_000;
const WORKERS = 3;

const reader = createRecordReader(schema, {});

type Step =
  | { readonly kind: 'read'; readonly worker: number; readonly size: number }
  | { readonly kind: 'commit'; readonly worker: number; readonly answerLost: boolean; readonly snapshot: boolean }
  | { readonly kind: 'crash'; readonly worker: number };

const worker$ = fc.nat(WORKERS - 1);
const steps$ = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('read'), worker: worker$, size: fc.integer({ min: 1, max: 8 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('commit'),
        worker: worker$,
        answerLost: fc.boolean(),
        snapshot: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), worker: worker$ }) },
  ),
  { maxLength: 40 },
);

export const interleaveCommits: Scenario = {
  id: 'R13',
  name: 'interleave-commits',
  title: 'fence, windows and alerts under schedules of reads, commits, lost answers, crashes and zombies',
  run: async () => {
    let steps = 0;
    const details = fc.check(
      fc.property(log$, steps$, (log, schedule) => {
        steps += schedule.length;
        play(log, schedule);
      }),
      { numRuns: SCHEDULES, seed: 13 },
    );
    const counterexample = details.failed ? fc.defaultReportMessage(details) : null;
    // The scorer's own decoder and windows, with batches in flight across rebalances.
    const scorer = await failureOf(() => checkWindowSchedules({ schedules: SCHEDULES, seed: 13 }));
    // Decisions on topics that are recreated, partitions that are added, and start positions.
    const streams = await failureOf(() => checkStreamSchedules({ schedules: SCHEDULES, seed: 13 }));
    const alerts = await failureOf(() => checkAlertSchedules({ schedules: SCHEDULES, seed: 13 }));
    return {
      events: details.numRuns + 3 * SCHEDULES,
      lost: 0,
      duplicated: 0,
      recoverySeconds: null,
      claims: {
        [counterexample ?? 'no counterexample']: counterexample === null,
        [scorer ?? 'no counterexample to the windows of a scorer']: scorer === null,
        [streams ?? 'no counterexample to the identity of streams']: streams === null,
        [alerts ?? 'no counterexample to the lives of alerts']: alerts === null,
      },
      counts: { schedules: details.numRuns + 3 * SCHEDULES, steps },
    };
  },
};

/** Runs a check. Returns the text of its error, or null if it passes. */
async function failureOf(check: () => void | Promise<void>): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    return String(error);
  }
}

/** A batch that a worker has scored but not yet stored. */
interface Held {
  readonly records: readonly LogRecord[];
  readonly values: readonly string[];
  readonly nextOffset: number;
}

/**
 * Plays a schedule over one partition with a store of one transaction per commit, then lets a last
 * worker finish. @throws Error if an invariant breaks.
 */
function play(log: readonly LogRecord[], schedule: readonly Step[]): void {
  const truth = valuesOf(new EntityWindows({ schema, lookups: {}, entity }), log);
  const end = (log.at(-1)?.offset ?? -1) + 1;
  const rows = new Map<number, string>();
  let fence = 0;
  let stored: StoredWindows | null = null;

  class Worker {
    readonly #windows = new EntityWindows({ schema, lookups: {}, entity });
    #position: number;
    #held: Held | null = null;

    constructor() {
      this.#position = fence;
      if (stored !== null) this.#windows.restore(stored);
      // Records stored after the snapshot are read again, only to fill the windows.
      valuesOf(
        this.#windows,
        log.filter(({ offset }) => offset >= this.#windows.nextOffset && offset < fence),
      );
      this.#windows.advance(fence);
    }

    read(size: number): void {
      if (this.#held !== null) return;
      const records = log.filter(({ offset }) => offset >= this.#position).slice(0, size);
      const last = records.at(-1);
      if (last === undefined) return;
      this.#held = { records, values: valuesOf(this.#windows, records), nextOffset: last.offset + 1 };
    }

    commit(answerLost: boolean, snapshot: boolean): void {
      const held = this.#held;
      if (held === null) return;
      const offsets = Float64Array.from(held.records, ({ offset }) => offset);
      const firstRow = firstRowBeyond({ offsets, size: offsets.length }, fence);
      for (const [i, { offset }] of held.records.entries()) {
        if (i < firstRow) continue;
        if (rows.has(offset)) throw new Error(`offset ${offset} is stored twice`);
        rows.set(offset, at(held.values, i));
      }
      this.#windows.advance(held.nextOffset);
      if (snapshot && held.nextOffset > (stored?.nextOffset ?? 0)) stored = this.#windows.snapshot();
      fence = Math.max(fence, held.nextOffset);
      // Without an answer, the worker retries the same batch.
      if (answerLost) return;
      this.#position = held.nextOffset;
      this.#held = null;
    }
  }

  const workers = new Map<number, Worker>();
  const workerOf = (id: number): Worker => {
    const worker = workers.get(id) ?? new Worker();
    workers.set(id, worker);
    return worker;
  };
  const check = (): void => {
    for (const [i, { offset }] of log.entries()) {
      if (rows.has(offset) !== offset < fence) throw new Error(`offset ${offset} against a next offset of ${fence}`);
      if (rows.has(offset) && rows.get(offset) !== truth[i]) {
        throw new Error(`offset ${offset}: ${String(rows.get(offset))} instead of ${String(truth[i])}`);
      }
    }
  };
  for (const step of schedule) {
    if (step.kind === 'read') workerOf(step.worker).read(step.size);
    else if (step.kind === 'commit') workerOf(step.worker).commit(step.answerLost, step.snapshot);
    else workers.delete(step.worker);
    check();
  }
  const last = new Worker();
  last.read(log.length);
  last.commit(false, true);
  check();
  if (fence !== end) throw new Error(`ended at ${fence} of ${end}`);
}

/** Feature values of records as text, computed with the given windows. */
function valuesOf(windows: EntityWindows, records: readonly LogRecord[]): string[] {
  const batch = windows.batch(
    records.map(({ offset }) => offset),
    records.map(({ t }) => t),
  );
  const { table } = reader.read(
    records.map(({ id, t, x }) => ({ id, t, x })),
    batch,
  );
  return records.map((_, row) =>
    table.numeric.subarray(row * table.numericWidth, (row + 1) * table.numericWidth).join(','),
  );
}
