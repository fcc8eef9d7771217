import { absenceStepMs, type Expectation, type ExpectationFrom, expectationsAt, judgeArrival } from '@flowline/alerts';
import { at } from '@flowline/events';
import type pg from 'pg';

import { alertOfSilences, type Silence } from './absence-alerts.ts';
import type { Database } from './database.ts';
import {
  lockChangedArrivals,
  noteReadingEnds,
  selectChangedArrivals,
  selectReadingEnds,
  selectTime,
  settleArrivals,
  type SilenceBounds,
} from './sql/absences.ts';
import { lockAlerts } from './sql/alerts.ts';
import { storeMessages } from './store-messages.ts';
import { withTransaction } from './transaction.ts';
import { passAbsenceTime } from './waiting-absences.ts';
import type { WatchedStream } from './watched-stream.ts';

/** Partition of which everything that had come until a time, by the database's clock, is stored. */
export interface ReadPartition {
  readonly partition: number;
  readonly untilMs: number;
}

/** Numbers of alerts that a look has opened or reopened, and resolved. */
export interface LookReport {
  readonly absent: number;
  readonly back: number;
}

/** Streams or entities per transaction. */
const PAGE = 1_000;

/**
 * Looks once for streams or entities that have stopped or come back, and opens and resolves their
 * alerts. Several processes may look at the same time: each silence is noticed once. A partition
 * that is not known to be read to its end hides what it may hold: nothing of it is absent.
 */
export async function watchAbsences(
  db: Database,
  stream: WatchedStream,
  read: readonly ReadPartition[],
): Promise<LookReport> {
  const { detector, topic, policy } = stream;
  const partitions = read.map(({ partition }) => partition);
  const untilsMs = read.map(({ untilMs }) => untilMs);
  const ends = await withTransaction(db, async (client) => {
    if (read.length > 0) await noteReadingEnds(client, { detector, topic, partitions, untilsMs });
    return selectReadingEnds(client, { detector, topic });
  });
  const looks = new Looks(stream, policy.per === 'detector' ? allAtOnce(ends) : ends);
  const report = { absent: 0, back: 0 };
  let after: string | null = null;
  do {
    const page: Page = await withTransaction(db, (client) => lookAtPage(client, stream, looks, after));
    report.absent += page.absent;
    report.back += page.back;
    after = page.last;
  } while (after !== null);
  const { latestMs } = looks;
  if (latestMs !== null) await withTransaction(db, (client) => passAbsenceTime(client, stream, latestMs));
  return report;
}

/** Reads the database's clock, by which arrivals are noted, in milliseconds since the epoch. */
export async function databaseTimeMs(db: Database): Promise<number> {
  return (await withTransaction(db, (client) => selectTime(client))).nowMs;
}

interface ReadingEnd {
  readonly partition: number;
  /** Null if the partition is not known to have been read to its end. */
  readonly untilMs: number | null;
}

/** The stream as a whole is known up to where all of its partitions are. */
function allAtOnce(ends: readonly ReadingEnd[]): ReadingEnd[] {
  const untilMs = ends.reduce<number | null>(
    (least, end) => (least === null || end.untilMs === null ? null : Math.min(least, end.untilMs)),
    Infinity,
  );
  return ends.map(({ partition }) => ({ partition, untilMs }));
}

/** Verdict's knowledge of an arrival: its partition's end, and the silence that would count. */
interface LookAt {
  readonly untilMs: number | null;
  readonly silentSinceMs: number | null;
  readonly expected: Expectation;
}

/** Times at which an arrival is too long ago, by partition. */
class Looks {
  readonly #stream: WatchedStream;
  readonly #ends: ReadonlyMap<number, number>;
  readonly #known = new Map<string, number | null>();
  readonly #expectations = new Map<number, readonly ExpectationFrom[]>();

  constructor(stream: WatchedStream, ends: readonly ReadingEnd[]) {
    this.#stream = stream;
    this.#ends = new Map(ends.flatMap(({ partition, untilMs }) => (untilMs === null ? [] : [[partition, untilMs]])));
  }

  /** Latest time up to which a partition is known; null if none is. */
  get latestMs(): number | null {
    return this.#ends.size === 0 ? null : Math.max(...this.#ends.values());
  }

  of(partition: number, entity: string | null, lastSeenMs: number): LookAt {
    const untilMs = this.#ends.get(partition) ?? null;
    if (untilMs === null) return { untilMs, silentSinceMs: null, expected: this.#stream.policy };
    const expectations = this.#expectationsAt(untilMs);
    const expected = at(
      expectations,
      expectations.findIndex(({ fromMs }) => lastSeenMs >= fromMs),
    );
    return { untilMs, silentSinceMs: this.#silentSince(untilMs, expected.alertAfterMs, entity), expected };
  }

  /** Bounds of what is worth a look: of last arrivals. */
  bounds(): Omit<SilenceBounds, 'detector' | 'topic' | 'ofEntity' | 'after' | 'limit'> {
    const { policy } = this.#stream;
    const stepMs = absenceStepMs(policy);
    const forgetMs = policy.per === 'entity' ? policy.forgetAfterMs : Infinity;
    const silent = [...this.#ends].flatMap(([partition, untilMs]) => this.#silences(partition, untilMs));
    return {
      partitions: [...this.#ends.keys()],
      forgotten: [...this.#ends.values()].map((untilMs) => Math.max(LONG_AGO_MS, untilMs - forgetMs) - stepMs),
      silentOf: silent.map(({ partition }) => partition),
      silentFrom: silent.map(({ fromMs }) => fromMs),
      silentTo: silent.map(({ toMs }) => toMs),
    };
  }

  /** Times of last arrivals that are too long ago: one range per expectation. */
  #silences(partition: number, untilMs: number): { partition: number; fromMs: number; toMs: number }[] {
    const stepMs = absenceStepMs(this.#stream.policy);
    let beforeMs = Infinity;
    return this.#expectationsAt(untilMs).flatMap(({ fromMs, alertAfterMs }) => {
      const sinceMs = this.#silentSince(untilMs, alertAfterMs, null) ?? LONG_AGO_MS;
      const range = { partition, fromMs: Math.max(LONG_AGO_MS, fromMs), toMs: Math.min(beforeMs, sinceMs - stepMs) };
      beforeMs = fromMs;
      return range.fromMs < range.toMs ? [range] : [];
    });
  }

  #expectationsAt(untilMs: number): readonly ExpectationFrom[] {
    const known = this.#expectations.get(untilMs);
    if (known !== undefined) return known;
    const found = expectationsAt(this.#stream.policy, untilMs);
    this.#expectations.set(untilMs, found);
    return found;
  }

  #silentSince(untilMs: number, forMs: number, entity: string | null): number | null {
    const name = `${String(untilMs)} ${String(forMs)} ${entity ?? ''}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#stream.silentSince(untilMs, forMs, entity);
    this.#known.set(name, found);
    return found;
  }
}

/** A time before every arrival. */
const LONG_AGO_MS = 0;

interface Page extends LookReport {
  /** Name after which the next page begins; null at the end. */
  readonly last: string | null;
}

const NOTHING_NEW: Page = { absent: 0, back: 0, last: null };

async function lookAtPage(
  client: pg.PoolClient,
  stream: WatchedStream,
  looks: Looks,
  after: string | null,
): Promise<Page> {
  const { detector, topic, policy } = stream;
  const place = { detector, topic, ofEntity: policy.per === 'entity' };
  const wanted = { ...place, ...looks.bounds(), after, limit: PAGE };
  // Without the lock, which batches with anomalies take: most looks find nothing.
  if ((await selectChangedArrivals(client, { ...wanted, limit: 1 })).length === 0) return NOTHING_NEW;
  await lockAlerts(client, { detector, topic });
  const rows = await lockChangedArrivals(client, wanted);
  const silences = rows.map((row): Silence => {
    const entity = place.ofEntity ? row.entity : null;
    const look = looks.of(row.partition, entity, row.lastSeenMs);
    const verdict = judgeArrival(row, look, policy);
    return { ...row, entity, name: row.entity, atMs: look.untilMs, verdict, expected: look.expected };
  });
  const messages = await alertOfSilences(client, stream, silences);
  const named = (verdict: Silence['verdict']) =>
    silences.filter((one) => one.verdict === verdict).map(({ name }) => name);
  const settled = { noticed: named('absent'), back: named('back'), forgotten: named('forgotten') };
  await settleArrivals(client, { ...place, ...settled });
  await storeMessages(client, detector, messages, stream.addresses);
  return {
    absent: settled.noticed.length,
    back: settled.back.length,
    last: rows.length < PAGE ? null : (rows.at(-1)?.entity ?? null),
  };
}
