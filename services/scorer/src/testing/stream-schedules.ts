import { firstRowBeyond, refusal } from '@flowline/db';
import { firstOffset, readingPosition, streamVerdict } from '@flowline/kafka';
import fc from 'fast-check';

const WORKERS = 3;
const MOST_PARTITIONS = 3;

/**
 * One creation of the topic. The records of its partitions are the offsets [0, high), of which
 * those below `low` are gone.
 */
interface Life {
  readonly id: string;
  readonly logs: { low: number; high: number }[];
}

type Start = 'earliest' | 'latest' | number;
type Step =
  | { readonly kind: 'produce'; readonly partition: number; readonly records: number }
  | { readonly kind: 'retain'; readonly partition: number; readonly records: number }
  | { readonly kind: 'add partition' }
  | { readonly kind: 'recreate'; readonly partitions: number; readonly records: number; readonly reset: boolean }
  | { readonly kind: 'advance'; readonly worker: number }
  | { readonly kind: 'fetch'; readonly worker: number; readonly partition: number; readonly size: number }
  | { readonly kind: 'verify'; readonly worker: number }
  | { readonly kind: 'commit'; readonly worker: number; readonly answerLost: boolean }
  | { readonly kind: 'rebalance'; readonly worker: number }
  | { readonly kind: 'kill'; readonly worker: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'drop data' }
  | { readonly kind: 'fail over'; readonly lost: number };

// Usually worker 0; the others come and go.
const worker = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(WORKERS - 1) });
const partition = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(MOST_PARTITIONS - 1));
const records = fc.integer({ min: 1, max: 5 });
const of = <K extends Step['kind']>(kind: K) => fc.constant(kind);
const steps$ = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 5, arbitrary: fc.record({ kind: of('produce'), partition, records }) },
    { weight: 9, arbitrary: fc.record({ kind: of('advance'), worker }) },
    { weight: 9, arbitrary: fc.record({ kind: of('fetch'), worker, partition, size: records }) },
    { weight: 7, arbitrary: fc.record({ kind: of('verify'), worker }) },
    { weight: 9, arbitrary: fc.record({ kind: of('commit'), worker, answerLost: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: of('retain'), partition, records }) },
    { weight: 1, arbitrary: fc.record({ kind: of('add partition') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: of('recreate'),
        partitions: fc.integer({ min: 1, max: 2 }),
        records,
        reset: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: of('rebalance'), worker }) },
    { weight: 1, arbitrary: fc.record({ kind: of('kill'), worker }) },
    { weight: 1, arbitrary: fc.record({ kind: of('reset') }) },
    { weight: 1, arbitrary: fc.record({ kind: of('drop data') }) },
    { weight: 1, arbitrary: fc.record({ kind: of('fail over'), lost: fc.integer({ min: 1, max: 3 }) }) },
  ),
  { minLength: 40, maxLength: 140, size: 'max' },
);
const start$ = fc.constantFrom<Start>('earliest', 'latest', 3);

/**
 * Plays random schedules of three scorers over one topic. The topic is produced to, truncated by
 * retention, extended by partitions, and deleted and recreated with records in it. Scorers find
 * their positions step by step, fetch, are rebalanced, are killed, and carry on with batches that
 * they should no longer have. Postgres loses answers and commits. Offsets are reset, and the data
 * of the detector is dropped. The decisions are the product's own ({@link streamVerdict},
 * {@link readingPosition}, {@link refusal}, {@link firstRowBeyond}). After every step, each record
 * below a fence must be stored once or noted as lost, and nothing else may be stored.
 * @throws Error with the smallest counterexample.
 */
export function checkStreamSchedules({
  schedules,
  seed,
}: {
  readonly schedules: number;
  readonly seed?: number;
}): void {
  const options = { numRuns: schedules, ...(seed === undefined ? {} : { seed }) };
  fc.assert(fc.property(start$, steps$, play), options);
}

function play(start: Start, schedule: readonly Step[]): void {
  const kafka = new Broker();
  const postgres = new Store();
  const workers = new Map<number, Worker>();
  const at = (id: number): Worker => {
    const found = workers.get(id) ?? new Worker(kafka, postgres, start);
    workers.set(id, found);
    return found;
  };
  for (const step of schedule) {
    if (step.kind === 'produce') kafka.produce(step.partition, step.records);
    else if (step.kind === 'retain') kafka.retain(step.partition, step.records);
    else if (step.kind === 'add partition') kafka.addPartition();
    else if (step.kind === 'recreate') {
      kafka.recreate(step.partitions, step.records);
      if (step.reset) reset(kafka, postgres);
    } else if (step.kind === 'advance') at(step.worker).advance();
    else if (step.kind === 'fetch') at(step.worker).fetch(step.partition, step.size);
    else if (step.kind === 'verify') at(step.worker).verify();
    else if (step.kind === 'commit') at(step.worker).commit(step.answerLost);
    else if (step.kind === 'rebalance') at(step.worker).open();
    else if (step.kind === 'kill') workers.delete(step.worker);
    else if (step.kind === 'reset') reset(kafka, postgres);
    else if (step.kind === 'drop data') postgres.drop();
    else postgres.failOver(step.lost);
    postgres.check(kafka);
  }
  reset(kafka, postgres);
  const last = new Worker(kafka, postgres, start);
  last.readAll();
  postgres.check(kafka);
  postgres.checkComplete(kafka);
}

/** Does what `--reset-offsets` does. */
function reset(kafka: Broker, postgres: Store): void {
  const { id, logs } = kafka.life;
  const verdict = streamVerdict(postgres.read(), kafka.state());
  if (verdict.kind === 'recreated') postgres.restart(id, logs.length);
}

class Broker {
  readonly lives: Life[] = [];
  life: Life = this.#create(2, 0);

  #create(partitions: number, records: number): Life {
    const logs = Array.from({ length: partitions }, () => ({ low: 0, high: records }));
    const life = { id: `life ${this.lives.length + 1}`, logs };
    this.lives.push(life);
    return life;
  }

  state() {
    return { topicId: this.life.id, ends: new Map(this.life.logs.map((log, i) => [i, { ...log }])) };
  }

  produce(partition: number, records: number): void {
    const log = this.life.logs[partition];
    if (log !== undefined) log.high += records;
  }

  retain(partition: number, records: number): void {
    const log = this.life.logs[partition];
    if (log !== undefined) log.low = Math.min(log.high, log.low + records);
  }

  addPartition(): void {
    if (this.life.logs.length < MOST_PARTITIONS) this.life.logs.push({ low: 0, high: 0 });
  }

  /** Recreates the topic with records, often beyond what was stored of the previous one. */
  recreate(partitions: number, records: number): void {
    this.life = this.#create(partitions, 3 * records);
  }
}

/** State that one transaction changes as a whole. */
interface Tables {
  /** Rows of stream_offsets. */
  readonly fences: Map<number, { topicId: string; next: number }>;
  /**
   * Number of times that each record is stored, by life, partition and offset. `begun` has the
   * first offset of each partition, by life and partition.
   */
  readonly rows: Map<string, number>;
  readonly gaps: Set<string>;
  readonly begun: Map<string, number>;
}

const name = (life: string, partition: number, offset: number): string =>
  `${life}, partition ${partition}, offset ${offset}`;

/** Part of Postgres for one detector. Each method is one transaction, as in libs/db. */
class Store {
  #tables: Tables = { fences: new Map(), rows: new Map(), gaps: new Set(), begun: new Map() };
  /** Tables before the latest commits. */
  readonly #before: Tables[] = [];

  read() {
    const fences = [...this.#tables.fences];
    return { topicId: fences[0]?.[1].topicId ?? null, next: new Map(fences.map(([p, { next }]) => [p, next])) };
  }

  begin(topicId: string, starts: ReadonlyMap<number, number>): void {
    if (this.#tables.fences.size > 0) return;
    for (const [partition, offset] of starts) this.#insert(topicId, partition, offset);
  }

  add(topicId: string, partitions: readonly number[]): void {
    const [known] = this.#tables.fences.values();
    if (known?.topicId !== topicId) return;
    for (const partition of partitions) if (!this.#tables.fences.has(partition)) this.#insert(topicId, partition, 0);
  }

  restart(topicId: string, partitions: number): void {
    if ([...this.#tables.fences.values()].every((fence) => fence.topicId === topicId)) return;
    this.#tables.fences.clear();
    for (let partition = 0; partition < partitions; partition++) this.#insert(topicId, partition, 0);
  }

  skip(topicId: string, partition: number, from: number, to: number): boolean {
    const fence = this.#tables.fences.get(partition);
    if (fence?.topicId !== topicId || fence.next !== from) return false;
    this.recordGap(topicId, partition, from, to);
    fence.next = to;
    return true;
  }

  recordGap(topicId: string, partition: number, from: number, to: number): void {
    for (let offset = from; offset < to; offset++) this.#tables.gaps.add(name(topicId, partition, offset));
  }

  /** @returns true if the batch is stored, now or earlier. */
  commit({ topicId, life, partition, fromOffset, nextOffset, offsets }: Batch): boolean {
    const fence = this.#tables.fences.get(partition);
    const found = fence && { nextOffset: fence.next, topicId: fence.topicId };
    if (fence === undefined || found === undefined || refusal({ topicId, fromOffset }, found) !== null) return false;
    this.#before.push(structuredClone(this.#tables));
    if (this.#before.length > 3) this.#before.shift();
    const first = firstRowBeyond({ offsets: Float64Array.from(offsets), size: offsets.length }, fence.next);
    for (const offset of offsets.slice(first)) {
      if (life !== fence.topicId) throw new Error(`a record of ${life} is stored as one of ${fence.topicId}`);
      const row = name(life, partition, offset);
      this.#tables.rows.set(row, (this.#tables.rows.get(row) ?? 0) + 1);
    }
    fence.next = Math.max(fence.next, nextOffset);
    return true;
  }

  drop(): void {
    this.#tables = { fences: new Map(), rows: new Map(), gaps: new Set(), begun: new Map() };
  }

  /** Fails over to a standby that lacks the latest commits. */
  failOver(lost: number): void {
    const [kept] = this.#before.splice(-lost);
    if (kept !== undefined) this.#tables = kept;
  }

  /**
   * @throws Error if a record is stored twice, or one below a fence is neither stored nor noted as
   * lost.
   */
  check(kafka: Broker): void {
    const { fences, rows, gaps, begun } = this.#tables;
    for (const [row, times] of rows) if (times > 1) throw new Error(`${row} is stored ${times} times`);
    for (const [partition, { topicId, next }] of fences) {
      const log = kafka.lives.find(({ id }) => id === topicId)?.logs[partition];
      if (log === undefined || next > log.high) throw new Error(`${topicId}[${partition}] never had an offset ${next}`);
      for (let offset = begun.get(`${topicId}/${partition}`) ?? 0; offset < next; offset++) {
        const row = name(topicId, partition, offset);
        if (!rows.has(row) && !gaps.has(row)) throw new Error(`${row} is lost: the fence is at ${next}`);
      }
    }
  }

  /** @throws Error if any record of the topic is still unread. */
  checkComplete({ life: { id, logs } }: Broker): void {
    for (const [partition, { high }] of logs.entries()) {
      const fence = this.#tables.fences.get(partition);
      if (fence?.topicId !== id || fence.next !== high)
        throw new Error(`partition ${partition} ended at ${fence?.next}`);
    }
  }

  #insert(topicId: string, partition: number, next: number): void {
    this.#tables.fences.set(partition, { topicId, next });
    const key = `${topicId}/${partition}`;
    if (!this.#tables.begun.has(key)) this.#tables.begun.set(key, next);
  }
}

interface Batch {
  /** Topic as the worker believes it to be; `life` is the actual one. */
  readonly topicId: string;
  readonly life: string;
  readonly partition: number;
  readonly fromOffset: number;
  readonly nextOffset: number;
  readonly offsets: readonly number[];
}

/**
 * A scorer, with the behaviour of the reader and the commit step. Batches of an old assignment may
 * still be in flight.
 */
class Worker {
  readonly #kafka: Broker;
  readonly #store: Store;
  readonly #start: Start;
  #opening: Generator<void, void>;
  #topicId = '';
  /** Next offset to fetch, per opened partition. */
  readonly #positions = new Map<number, number>();
  #fetched: Batch[] = [];
  #handedOut: Batch[] = [];

  constructor(kafka: Broker, store: Store, start: Start) {
    this.#kafka = kafka;
    this.#store = store;
    this.#start = start;
    this.#opening = this.#steps();
  }

  /**
   * Starts to find the positions again. Batches handed out stay in flight, as in a worker that was
   * stopped for a while.
   */
  open(): void {
    this.#positions.clear();
    this.#fetched = [];
    this.#opening = this.#steps();
  }

  /** Takes one step towards the positions. */
  advance(): void {
    this.#opening.next();
  }

  *#steps(): Generator<void, void> {
    for (;;) {
      const stored = this.#store.read();
      yield;
      const { topicId, ends } = this.#kafka.state();
      yield;
      const verdict = streamVerdict(stored, { topicId, ends });
      if (verdict.kind === 'recreated' || verdict.kind === 'cut') return;
      if (verdict.kind === 'new') {
        this.#store.begin(topicId, new Map([...ends].map(([p, end]) => [p, firstOffset(this.#start, end)])));
        continue;
      }
      if (verdict.appeared.length > 0) {
        this.#store.add(topicId, verdict.appeared);
        continue;
      }
      let moved = false;
      for (const [partition, next] of stored.next) {
        const { offset, lostFrom } = readingPosition(next, ends.get(partition) ?? { low: 0, high: 0 });
        if (lostFrom !== null && !this.#store.skip(topicId, partition, lostFrom, offset)) {
          moved = true;
          break;
        }
        this.#topicId = topicId;
        this.#positions.set(partition, offset);
        yield;
      }
      if (!moved) return;
      this.#positions.clear();
    }
  }

  /**
   * Fetches by the name of the topic, as Kafka does.
   * @returns true if anything was done.
   */
  fetch(partition: number, size: number): boolean {
    const position = this.#positions.get(partition);
    const { id: life, logs } = this.#kafka.life;
    const log = logs[partition];
    if (position === undefined || log === undefined) return false;
    if (position > log.high) {
      this.open(); // out of range: the consumer stops and is started again
      return true;
    }
    const first = Math.max(position, log.low);
    const nextOffset = Math.min(first + size, log.high);
    if (nextOffset <= first) return false;
    const offsets = Array.from({ length: nextOffset - first }, (_, i) => first + i);
    this.#fetched.push({ topicId: this.#topicId, life, partition, fromOffset: position, nextOffset, offsets });
    this.#positions.set(partition, nextOffset);
    return true;
  }

  /** Verifies the topic id, after the fetch and before the records are handed out. */
  verify(): void {
    const batch = this.#fetched.shift();
    if (batch === undefined) return;
    if (this.#kafka.life.id !== batch.topicId) {
      this.open();
      return;
    }
    const [first = batch.nextOffset] = batch.offsets;
    const low = this.#kafka.life.logs[batch.partition]?.low ?? 0;
    if (batch.fromOffset < first) {
      this.#store.recordGap(batch.topicId, batch.partition, batch.fromOffset, Math.min(first, low));
    }
    this.#handedOut.push(batch);
  }

  /** Stores the oldest batch in flight; without an answer it is retried. */
  commit(answerLost: boolean): void {
    const [batch] = this.#handedOut;
    if (batch === undefined) return;
    if (!this.#store.commit(batch)) {
      this.#handedOut = [];
      this.open();
    } else if (!answerLost) this.#handedOut.shift();
  }

  /** Reads everything that the topic holds. */
  readAll(): void {
    for (let i = 0; i < 200; i++) {
      this.advance();
      for (let partition = 0; partition < MOST_PARTITIONS; partition++) this.fetch(partition, 4);
      while (this.#fetched.length > 0) this.verify();
      while (this.#handedOut.length > 0) this.commit(false);
    }
  }
}
