import type { DetectorDefinition } from '@flowline/config';
import { type Database, readOffset } from '@flowline/db';
import { createKafkaClient, createKafkaSink, KafkaAdmin, type KafkaClient } from '@flowline/kafka';
import { sendAll } from '@flowline/stream';
import { createLogger } from '@flowline/telemetry';

import { exitCodeOfProcess, spawnService } from './spawn-service.ts';
import type { Replayed } from './replay-file.ts';
import { silentService } from './service-error.ts';

/** A record to produce. */
export interface ReplayRecord {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
}

const PARTITIONS = 3;
const POLL_MS = 200;
const CHUNK = 2000;
/** Maximum time without progress before a replay has failed. */
const STALL_MS = 60_000;

/**
 * A replay through a real broker, with topics of its own, so that they hold no records of an
 * earlier demo.
 */
class KafkaReplay {
  readonly definition: DetectorDefinition;
  readonly #client: KafkaClient;
  readonly #topic: string;

  private constructor(client: KafkaClient, definition: DetectorDefinition, topic: string) {
    this.#client = client;
    this.definition = definition;
    this.#topic = topic;
  }

  /**
   * Creates the topics.
   * @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE.
   */
  static async prepare(brokers: readonly string[], definition: DetectorDefinition): Promise<KafkaReplay> {
    const client = createKafkaClient({
      brokers,
      clientId: 'flowline-demo',
      log: createLogger({ name: 'demo', level: 'error' }),
    });
    const id = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const topic = `flowline.demo.${id}.flights`;
    const alerts = `flowline.demo.${id}.alerts`;
    const admin = await KafkaAdmin.connect(client);
    try {
      await admin.createTopic(topic, PARTITIONS);
      await admin.createTopic(alerts, 1);
    } finally {
      await admin.close();
    }
    const source = { ...definition.source, kafka: { topic, format: 'json', startFrom: 'earliest' } as const };
    return new KafkaReplay(client, { ...definition, source, alerts: { ...definition.alerts, topic: alerts } }, topic);
  }

  /** Produces every record, starts the scorer, and waits until all are stored. */
  async replay(
    db: Database,
    records: readonly ReplayRecord[],
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Replayed> {
    await this.#produce(records);
    const startedMs = performance.now();
    const args = ['--detector', this.definition.name, '--source', 'kafka', '--alerts', 'kafka'];
    const scorer = spawnService('scorer', args, { env, stdin: 'ignore' });
    const ended = exitCodeOfProcess(scorer);
    try {
      await this.#untilStored(db, records.length, scorer, signal);
      return { seconds: (performance.now() - startedMs) / 1000, backend: null };
    } finally {
      scorer.kill('SIGTERM');
      await ended;
    }
  }

  async #produce(records: readonly ReplayRecord[]): Promise<void> {
    const sink = createKafkaSink(this.#client);
    try {
      for (let from = 0; from < records.length; from += CHUNK) {
        const chunk = records.slice(from, from + CHUNK);
        const topic = this.#topic;
        const messages = chunk.map(({ key, value }) => ({ messageId: '', topic, key, headers: {}, value }));
        await sendAll(sink, messages);
      }
    } finally {
      await sink.close();
    }
  }

  async #untilStored(
    db: Database,
    wanted: number,
    scorer: { readonly exitCode: number | null },
    signal: AbortSignal,
  ): Promise<void> {
    let stored = 0;
    let movedMs = performance.now();
    while (stored < wanted) {
      signal.throwIfAborted();
      if (scorer.exitCode !== null) throw this.#failed(`the scorer ended after ${stored} of ${wanted} events`);
      if (performance.now() - movedMs > STALL_MS) throw this.#failed(`it stood still at ${stored} of ${wanted} events`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const offsets = await Promise.all(
        Array.from({ length: PARTITIONS }, (_, partition) =>
          readOffset(db, this.definition.name, this.#topic, partition),
        ),
      );
      const now = offsets.reduce<number>((sum, offset) => sum + (offset ?? 0), 0);
      if (now > stored) movedMs = performance.now();
      stored = now;
    }
  }

  #failed(what: string): Error {
    return silentService('scorer', `The replay through Kafka failed: ${what}.`, this.#topic);
  }
}

export { KafkaReplay as replayKafka };
