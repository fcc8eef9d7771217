import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createKafkaClient,
  createKafkaSink,
  createKafkaSource,
  firstRecords,
  KafkaAdmin,
  type LostRecords,
  type ReadPosition,
  type StartFrom,
  type StoredStream,
} from '@flowline/kafka';
import { FlowlineError } from '@flowline/events';
import type { SourceBatch } from '@flowline/stream';
import { CompressionTypes, ConfigResourceTypes, type KafkaMessage } from 'kafkajs';
import type { Subscription } from 'rxjs';

import { deleteTopic, kafkaVersions, startKafka, type TestKafka, withKafka } from '../support/kafka.ts';
import { eventually } from '../support/until.ts';

const START_TIMEOUT_MS = 90_000;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Stored offsets in memory, in place of Postgres. */
class FakeOffsets {
  readonly next = new Map<number, number>();
  /** Offset per partition from which records are read again. */
  readonly replay = new Map<number, number>();
  readonly gaps: [number, number, number][] = [];
  readonly assignments: number[][] = [];
  failures = 0;

  topicId: string | null = null;

  read(): Promise<StoredStream> {
    if (this.failures-- > 0) return Promise.reject(Object.assign(new Error('away'), { retryable: true }));
    return Promise.resolve({ topicId: this.topicId, next: new Map(this.next) });
  }

  begin(_topic: string, topicId: string | null, starts: ReadonlyMap<number, number>): Promise<void> {
    if (this.next.size > 0) return Promise.resolve();
    this.topicId = topicId;
    for (const [partition, offset] of starts) this.next.set(partition, offset);
    return Promise.resolve();
  }

  add(_topic: string, _topicId: string | null, partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) this.next.set(partition, this.next.get(partition) ?? 0);
    return Promise.resolve();
  }

  adopt(_topic: string, topicId: string): Promise<void> {
    this.topicId = topicId;
    return Promise.resolve();
  }

  skip({ partition, fromOffset, toOffset }: LostRecords): Promise<boolean> {
    if (this.next.get(partition) !== fromOffset) return Promise.resolve(false);
    this.gaps.push([partition, fromOffset, toOffset]);
    this.next.set(partition, toOffset);
    return Promise.resolve(true);
  }

  assigned(_topic: string, partitions: readonly number[]): void {
    this.assignments.push([...partitions].sort());
  }

  replayFrom(_topic: string, partition: number, { position, low }: ReadPosition): Promise<number> {
    return Promise.resolve(Math.min(position, Math.max(this.replay.get(partition) ?? position, low)));
  }

  recordGap({ partition, fromOffset, toOffset }: LostRecords): Promise<void> {
    this.gaps.push([partition, fromOffset, toOffset]);
    return Promise.resolve();
  }
}

describe.each(kafkaVersions)('Kafka %s', (version) => {
  withKafka(describe, version)('source and sink', () => {
    let broker: TestKafka;
    const subscriptions: Subscription[] = [];
    let topics = 0;

    beforeAll(async () => {
      broker = await startKafka({ version });
    }, START_TIMEOUT_MS);
    afterEach(() => subscriptions.splice(0).forEach((subscription) => subscription.unsubscribe()));
    afterAll(() => broker.stop());

    const client = () => createKafkaClient({ brokers: broker.brokers, clientId: 'flowline-test', log: silent });

    async function newTopic(partitions = 1): Promise<string> {
      const topic = `topic-${version}-${process.pid}-${topics++}`;
      await broker.createTopic(topic, partitions);
      return topic;
    }

    async function produce(
      topic: string,
      values: readonly string[],
      options: { partition?: number; compression?: CompressionTypes; timestamp?: string } = {},
    ) {
      const { partition = 0, compression, timestamp } = options;
      const at = timestamp === undefined ? {} : { timestamp };
      const messages = values.map((value) => ({ value, partition, key: `k${value}`, headers: { h: 'v' }, ...at }));
      await broker.produce(topic, messages, compression);
    }

    function open(
      topic: string,
      offsets: FakeOffsets,
      options: { maxRows?: number; groupId?: string; database?: string; startFrom?: StartFrom } = {},
    ) {
      return createKafkaSource({
        client: client(),
        groupId: options.groupId ?? `group-${topic}`,
        database: options.database ?? 'this one',
        resetArguments: '--detector d --reset-offsets',
        topic,
        startFrom: options.startFrom ?? 'earliest',
        offsets,
        maxRows: options.maxRows ?? 100,
        maxWaitMs: 20,
      });
    }

    /** Stores batches as they arrive, and collects their values. */
    function store(source: ReturnType<typeof open>, offsets: FakeOffsets) {
      const batches: SourceBatch[] = [];
      const values: string[] = [];
      const failed: unknown[] = [];
      subscriptions.push(
        source.batches$.subscribe({
          next: (batch) => {
            batches.push(batch);
            values.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
            offsets.next.set(batch.partition, batch.nextOffset);
            batch.done();
          },
          error: (error: unknown) => failed.push(error),
        }),
      );
      return { batches, values, failed };
    }

    const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));

    it('reads the first records of a topic, and leaves no group behind', async () => {
      const topic = await newTopic(2);
      await produce(topic, numbers(0, 30), { partition: 0 });
      await produce(topic, numbers(30, 40), { partition: 1 });
      const limits = { mostRecords: 100, maxMs: 30_000 };
      const values = await firstRecords(client(), topic, limits);
      expect(values.map(String).sort()).toEqual(numbers(0, 40).sort());
      expect(await firstRecords(client(), topic, { ...limits, mostRecords: 7 })).toHaveLength(7);
      expect(await firstRecords(client(), await newTopic(), limits)).toEqual([]);
      const none = firstRecords(client(), 'no-such-topic', limits);
      await expect(none).rejects.toMatchObject({ code: 'FLOWLINE_TOPIC_MISSING' });
      const admin = broker.kafka.admin();
      await admin.connect();
      const { groups } = await admin.listGroups();
      await admin.disconnect();
      expect(groups.filter(({ groupId }) => groupId.startsWith('flowline-init'))).toEqual([]);
    }, 90_000);

    it('reads every record once and in order, in batches of at most maxRows, with key, headers and time', async () => {
      const topic = await newTopic(2);
      await produce(topic, numbers(0, 250), { partition: 0 });
      await produce(topic, numbers(250, 300), { partition: 1 });
      const offsets = new FakeOffsets();
      const { batches, values } = store(open(topic, offsets), offsets);
      await eventually(() => expect([...values].sort()).toEqual(numbers(0, 300).sort()));
      const first = batches.filter(({ partition }) => partition === 0);
      expect(first.flatMap(({ records }) => records.map(({ offset }) => offset))).toEqual(numbers(0, 250).map(Number));
      expect(Math.max(...batches.map(({ records }) => records.length))).toBeLessThanOrEqual(100);
      const record = first[0]?.records[0];
      expect(Buffer.from(record?.key ?? []).toString()).toBe('k0');
      expect(record?.headers).toEqual({ h: Buffer.from('v') });
      expect(Math.abs(Date.now() - (record?.timestampMs ?? 0))).toBeLessThan(60_000);
    });

    it('has two batches of a partition in flight, and reads on when the first is stored', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 50));
      const seen: SourceBatch[] = [];
      subscriptions.push(
        open(topic, new FakeOffsets(), { maxRows: 10 }).batches$.subscribe((batch) => seen.push(batch)),
      );
      await eventually(() => expect(seen).toHaveLength(2));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(seen).toHaveLength(2);
      seen[0]?.done();
      await eventually(() => expect(seen).toHaveLength(3));
      expect(seen.map(({ fromOffset }) => fromOffset)).toEqual([0, 10, 20]);
    });

    it('fetches on while a batch is being stored', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 10));
      const seen: SourceBatch[] = [];
      subscriptions.push(open(topic, new FakeOffsets()).batches$.subscribe((batch) => seen.push(batch)));
      await eventually(() => expect(seen).toHaveLength(1));
      await produce(topic, numbers(10, 20));
      await eventually(() => expect(seen.map(({ nextOffset }) => nextOffset)).toEqual([10, 20]));
    });

    it('reads no record again that is in flight when a member joins', async () => {
      const topic = await newTopic(2);
      await produce(topic, numbers(0, 10), { partition: 0 });
      await produce(topic, numbers(10, 20), { partition: 1 });
      const offsets = new FakeOffsets();
      const held: SourceBatch[] = [];
      const seen: string[] = [];
      subscriptions.push(
        open(topic, offsets).batches$.subscribe((batch) => {
          held.push(batch);
          seen.push(...batch.records.map(({ offset }) => `${batch.partition}/${offset}`));
        }),
      );
      await eventually(() => expect(seen).toHaveLength(20));
      const assignments = offsets.assignments.length;
      const other = new FakeOffsets();
      store(open(topic, other), other);
      await eventually(() => expect(offsets.assignments.length).toBeGreaterThan(assignments));
      const [kept = -1] = offsets.assignments.at(-1) ?? [];
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const batch of held) {
        offsets.next.set(batch.partition, batch.nextOffset);
        batch.done();
      }
      await produce(topic, ['later'], { partition: kept });
      await eventually(() => expect(seen).toContain(`${kept}/10`));
      expect(seen).toHaveLength(21);
    }, 90_000);

    it('begins where Postgres says, before and beyond what was committed to Kafka', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 60));
      const offsets = new FakeOffsets();
      const earlier = store(open(topic, offsets), offsets);
      await eventually(() => expect(earlier.values).toHaveLength(60));
      subscriptions.pop()?.unsubscribe();
      offsets.next.set(0, 30);
      const again = store(open(topic, offsets, { groupId: `other-${topic}` }), offsets);
      await eventually(() => expect(again.values).toEqual(numbers(30, 60)));
      subscriptions.pop()?.unsubscribe();
      offsets.next.set(0, 45);
      const rewound = store(open(topic, offsets, { groupId: `other-${topic}` }), offsets);
      await eventually(() => expect(rewound.values).toEqual(numbers(45, 60)));
    }, 90_000);

    it('commits to Kafka what is stored', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 40));
      const offsets = new FakeOffsets();
      const source = open(topic, offsets, { maxRows: 15 });
      subscriptions.push(
        source.batches$.subscribe((batch) => {
          offsets.next.set(0, batch.nextOffset);
          batch.done();
        }),
      );
      const admin = broker.kafka.admin();
      await admin.connect();
      try {
        await eventually(async () => {
          const [found] = await admin.fetchOffsets({ groupId: `group-${topic}`, topics: [topic] });
          expect(found?.partitions[0]?.offset).toBe('40');
        });
      } finally {
        await admin.disconnect();
      }
    });

    it('finishes the batches in flight and tells Kafka before it completes, when it is stopped', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 30));
      const source = open(topic, new FakeOffsets(), { maxRows: 10 });
      const seen: number[] = [];
      const completed = new Promise<void>((resolve, reject) => {
        subscriptions.push(
          source.batches$.subscribe({
            next: (batch) => {
              if (batch.nextOffset === 20) source.stop();
              setTimeout(
                () => {
                  seen.push(batch.nextOffset);
                  batch.done();
                },
                100 + 5 * batch.nextOffset,
              );
            },
            error: reject,
            complete: resolve,
          }),
        );
      });
      await completed;
      expect(seen).toEqual([10, 20]);
      const admin = broker.kafka.admin();
      await admin.connect();
      const [found] = await admin.fetchOffsets({ groupId: `group-${topic}`, topics: [topic] });
      await admin.disconnect();
      expect(found?.partitions[0]?.offset).toBe('20');
    });

    it('tells Postgres at once where `latest` begins', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 5));
      const offsets = new FakeOffsets();
      const { batches, values } = store(open(topic, offsets, { startFrom: 'latest' }), offsets);
      await eventually(() => expect(offsets.next.get(0)).toBe(5));
      await produce(topic, ['later']);
      await eventually(() => expect(values).toEqual(['later']));
      expect(batches[0]).toMatchObject({ fromOffset: 5, topicId: expect.stringMatching(/^[\w-]{22}$/) });
    });

    it.each(['latest', { timestampMs: 9e12 }] as const)(
      'reads a partition that is added later from its beginning, within a minute, where it started from %j',
      async (startFrom) => {
        const topic = await newTopic();
        await produce(topic, numbers(0, 5));
        const offsets = new FakeOffsets();
        const { values } = store(open(topic, offsets, { startFrom }), offsets);
        await eventually(() => expect(offsets.next.get(0)).toBe(5));
        const admin = broker.kafka.admin();
        await admin.connect();
        await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
        await admin.disconnect();
        await produce(topic, numbers(5, 16), { partition: 1 });
        await eventually(() => expect(values).toEqual(numbers(5, 16)), { timeoutMs: 60_000 });
        await produce(topic, ['later']);
        await eventually(() => expect(values).toHaveLength(12));
      },
      90_000,
    );

    it('stops where the topic was recreated and filled beyond what is stored, at start and while it reads', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 5));
      const offsets = new FakeOffsets();
      const reading = store(open(topic, offsets), offsets);
      await eventually(() => expect(reading.values).toHaveLength(5));
      const admin = broker.kafka.admin();
      await admin.connect();
      await deleteTopic(admin, topic);
      await admin.disconnect();
      await broker.createTopic(topic, 1);
      await produce(topic, numbers(100, 200));
      const starting = store(open(topic, offsets, { groupId: `other-${topic}` }), offsets);
      await eventually(() =>
        expect(starting.failed).toMatchObject([
          { code: 'FLOWLINE_TOPIC_RECREATED', remedy: expect.stringContaining('--detector d --reset-offsets') },
        ]),
      );
      await eventually(() => expect(reading.failed).toHaveLength(1), { timeoutMs: 60_000 });
      expect([reading.values, starting.values]).toEqual([numbers(0, 5), []]);
    }, 120_000);

    it('refuses a member that stores into another database, and leaves the group alone', async () => {
      const topic = await newTopic(2);
      const offsets = new FakeOffsets();
      const first = store(open(topic, offsets), offsets);
      await produce(topic, ['a'], { partition: 1 });
      await eventually(() => expect(first.values).toEqual(['a']));
      const other = store(open(topic, new FakeOffsets(), { database: 'a copy' }), new FakeOffsets());
      await eventually(() => expect(other.failed).toMatchObject([{ code: 'FLOWLINE_GROUP_SHARED', retryable: false }]));
      await produce(topic, ['b'], { partition: 1 });
      await eventually(() => expect(first.values).toEqual(['a', 'b']));
      expect(offsets.assignments).toEqual([[0, 1]]);
    });

    it('tells a topic from another of its name', async () => {
      const topic = await newTopic();
      const admin = await KafkaAdmin.connect(client());
      const first = await admin.topicId(topic);
      expect(await admin.topicId(topic)).toBe(first);
      expect(await admin.topicId(await newTopic())).not.toBe(first);
      await expect(admin.topicId('no-such-topic')).rejects.toMatchObject({ code: 'FLOWLINE_TOPIC_MISSING' });
      await admin.close();
    });

    it('begins at the first record of a time, in every partition, and tells Postgres at once', async () => {
      const topic = await newTopic(3);
      for (const [i, value] of numbers(0, 6).entries()) await produce(topic, [value], { timestamp: String(1000 + i) });
      await produce(topic, ['old'], { partition: 1, timestamp: '900' });
      const offsets = new FakeOffsets();
      const { values } = store(open(topic, offsets, { startFrom: { timestampMs: 1004 } }), offsets);
      await eventually(() => expect(values).toEqual(['4', '5']));
      await eventually(() => expect([offsets.next.get(1), offsets.next.get(2)]).toEqual([1, 0]));
      // From now on the stored offset decides.
      offsets.next.set(0, 2);
      const again = store(open(topic, offsets, { groupId: `a-${topic}`, startFrom: { timestampMs: 1004 } }), offsets);
      await eventually(() => expect(again.values).toEqual(['2', '3', '4', '5']));
    });

    it('waits while the stored offset cannot be read', async () => {
      const topic = await newTopic();
      await produce(topic, ['a']);
      const offsets = new FakeOffsets();
      offsets.failures = 2;
      const { values, failed } = store(open(topic, offsets), offsets);
      await eventually(() => expect(values).toEqual(['a']));
      expect(failed).toEqual([]);
    });

    it('counts records that are gone, and goes on after them', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 20));
      const admin = broker.kafka.admin();
      await admin.connect();
      await admin.fetchTopicOffsets(topic); // loads the metadata that the next call needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '12' }] });
      await admin.disconnect();
      const offsets = new FakeOffsets();
      offsets.next.set(0, 4);
      const { values } = store(open(topic, offsets), offsets);
      await eventually(() => expect(values).toEqual(numbers(12, 20)));
      expect(offsets.gaps).toEqual([[0, 4, 12]]);
    });

    it('reads records again from before its position, and calls none of them lost', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 30));
      const offsets = new FakeOffsets();
      offsets.next.set(0, 20);
      offsets.replay.set(0, 5);
      const admin = broker.kafka.admin();
      await admin.connect();
      await admin.fetchTopicOffsets(topic); // loads the metadata that the next call needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '10' }] });
      await admin.disconnect();
      const { values, batches } = store(open(topic, offsets, { maxRows: 7 }), offsets);
      await eventually(() => expect(values).toEqual(numbers(10, 30)));
      expect(batches.map(({ fromOffset, nextOffset }) => [fromOffset, nextOffset])).toEqual([
        [10, 17],
        [17, 24],
        [24, 30],
      ]);
      expect(offsets.gaps).toEqual([]);
      expect(offsets.assignments).toEqual([[0]]);
    });

    it('stops when the stored offset lies beyond the end', async () => {
      const topic = await newTopic();
      await produce(topic, ['a']);
      const offsets = new FakeOffsets();
      offsets.next.set(0, 7);
      const { failed } = store(open(topic, offsets), offsets);
      await eventually(() => expect(failed).toMatchObject([{ code: 'FLOWLINE_TOPIC_RECREATED' }]));
    });

    it('shares the partitions with another member without losing a record', async () => {
      const topic = await newTopic(4);
      const offsets = new FakeOffsets();
      const one = store(open(topic, offsets), offsets);
      await produce(topic, numbers(0, 100), { partition: 0 });
      await eventually(() => expect(one.values).toHaveLength(100));
      const two = store(open(topic, offsets), offsets);
      let produced = 100;
      await eventually(async () => {
        await produce(topic, numbers(produced, produced + 10), { partition: (produced / 10) % 4 });
        produced += 10;
        expect(one.values.length).toBeGreaterThan(0);
        expect(two.values.length).toBeGreaterThan(0);
      });
      const stored = () => new Set([...one.values, ...two.values]);
      await eventually(() => expect(stored().size).toBe(produced));
    }, 90_000);

    it.each([
      ['gzip', CompressionTypes.GZIP],
      ['snappy', CompressionTypes.Snappy],
      ['zstd', CompressionTypes.ZSTD],
    ])('reads %s', async (_name, compression) => {
      const topic = await newTopic();
      client(); // installs the codecs, which the test's producer uses too
      await produce(topic, numbers(0, 30), { compression });
      const offsets = new FakeOffsets();
      const { values } = store(open(topic, offsets), offsets);
      await eventually(() => expect(values).toEqual(numbers(0, 30)));
    });

    it.each(['lz4', 'gzip', 'snappy', 'zstd'])('reads what a broker has compressed with %s', async (codec) => {
      const topic = `${codec}-${version}-${process.pid}`;
      const admin = broker.kafka.admin();
      await admin.connect();
      // The broker recompresses the records of this topic.
      await admin.createTopics({
        topics: [{ topic, numPartitions: 1, configEntries: [{ name: 'compression.type', value: codec }] }],
        waitForLeaders: false,
      });
      await admin.disconnect();
      await eventually(() => produce(topic, numbers(0, 300)));
      const { values } = store(open(topic, new FakeOffsets()), new FakeOffsets());
      await eventually(() => expect(values).toEqual(numbers(0, 300)));
    });

    it('says which topic is missing, and that a broker does not answer', async () => {
      const missing = store(open('no-such-topic', new FakeOffsets()), new FakeOffsets());
      await eventually(() => expect(missing.failed).toMatchObject([{ code: 'FLOWLINE_TOPIC_MISSING' }]));
      const nobody = createKafkaClient({ brokers: ['127.0.0.1:1'], clientId: 't', log: silent });
      await expect(KafkaAdmin.connect(nobody)).rejects.toMatchObject({
        code: 'FLOWLINE_BROKER_UNREACHABLE',
        where: '127.0.0.1:1',
        retryable: true,
      });
    });

    it('reports lag', async () => {
      const topic = await newTopic();
      await produce(topic, numbers(0, 20));
      const source = open(topic, new FakeOffsets(), { maxRows: 5 });
      const seen: SourceBatch[] = [];
      subscriptions.push(source.batches$.subscribe((batch) => seen.push(batch)));
      await eventually(() => expect(seen).toHaveLength(2));
      seen[0]?.done();
      await eventually(() => expect(seen).toHaveLength(3));
      expect(await source.lag()).toEqual([{ partition: 0, stored: 5, position: 5, end: 20, records: 15 }]);
      expect(source.inFlight).toBe(2);
    });

    it('is at its end where the log ends in the marker of a transaction', async () => {
      const topic = await newTopic();
      const producer = broker.kafka.producer({
        transactionalId: `t-${topic}`,
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      const send = async (value: string, end: 'commit' | 'abort'): Promise<void> => {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [{ value, partition: 0 }] });
        await transaction[end]();
      };
      const offsets = new FakeOffsets();
      const source = open(topic, offsets);
      const { values } = store(source, offsets);
      await send('a', 'commit');
      await eventually(() => expect(values).toEqual(['a']));
      // The first transaction's marker, an aborted record and its marker: consumers see none of
      // them.
      await send('b', 'abort');
      await eventually(async () =>
        expect(await source.lag()).toMatchObject([{ partition: 0, position: 4, end: 4, records: 0 }]),
      );
      expect(offsets.next.get(0)).toBeLessThan(4);
      await send('c', 'commit');
      await eventually(() => expect(values).toEqual(['a', 'c']));
      await producer.disconnect();
    });

    it('fails with what it is abandoned for, and can be opened again', async () => {
      const topic = await newTopic();
      await produce(topic, ['a']);
      const offsets = new FakeOffsets();
      const source = open(topic, offsets);
      const { values, failed } = store(source, offsets);
      await eventually(() => expect(values).toEqual(['a']));
      const error = new FlowlineError('FLOWLINE_CONSUMER_STALLED', 'it stands');
      source.abandon(error);
      expect(failed).toEqual([error]);
      await produce(topic, ['b']);
      const again = store(source, offsets);
      await eventually(() => expect(again.values).toEqual(['b']));
    });

    it('sends alerts with key and headers, more than one record batch may hold', async () => {
      const topic = await newTopic();
      const sink = createKafkaSink(client());
      const messages = numbers(0, 30).map((id) => ({
        messageId: id,
        topic,
        key: `d|${id}`,
        headers: { ce_id: id, ce_specversion: '1.0' },
        value: JSON.stringify({ id, filler: 'x'.repeat(100_000) }),
      }));
      await sink.send(messages);
      await sink.close();
      const received = await readAll(broker, topic, 30);
      expect(received.map(({ key }) => key?.toString())).toEqual(messages.map(({ key }) => key));
      expect(received[3]?.headers?.ce_id?.toString()).toBe('3');
      expect(received[29]?.value?.toString()).toBe(messages[29]?.value);
    });

    it('says which alerts wait where their topic does not exist, and sends the others', async () => {
      const sink = createKafkaSink(client());
      const message = { messageId: '1', topic: 'absent-alerts', key: 'k', headers: {}, value: '{}' };
      const topic = await newTopic();
      expect(await sink.send([message, { ...message, messageId: '2', topic }])).toEqual([
        { messageId: '1', refused: false, error: expect.objectContaining({ code: 'FLOWLINE_TOPIC_MISSING' }) },
      ]);
      await sink.close();
      expect(await readAll(broker, topic, 1)).toHaveLength(1);
    });

    it('finds the alerts that the topic refuses for their size, wherever they stand, and sends the others once', async () => {
      const topic = await newTopic();
      const admin = broker.kafka.admin();
      await admin.connect();
      const limit = [{ name: 'max.message.bytes', value: '5000' }];
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: limit }],
      });
      await admin.disconnect();
      const sink = createKafkaSink(client());
      const large = new Set(['0', '7', '8', '19']);
      const messages = numbers(0, 20).map((id) => ({
        ...{ messageId: id, topic, key: id, headers: {} },
        value: JSON.stringify({ id, filler: 'x'.repeat(large.has(id) ? 6_000 : 1_000) }),
      }));
      const refused = [...large].map((messageId) => expect.objectContaining({ messageId, refused: true }));
      expect(await sink.send(messages)).toEqual(refused);
      await sink.close();
      const received = await readAll(broker, topic, 16);
      expect(received.map(({ key }) => key?.toString())).toEqual(
        messages.map(({ key }) => key).filter((key) => !large.has(key)),
      );
    });
  });
});

async function readAll(broker: TestKafka, topic: string, count: number): Promise<KafkaMessage[]> {
  const consumer = broker.kafka.consumer({ groupId: `check-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const messages: KafkaMessage[] = [];
  await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void messages.push(message)) });
  await eventually(() => expect(messages.length).toBeGreaterThanOrEqual(count));
  await consumer.disconnect();
  return messages;
}
