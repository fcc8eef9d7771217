import { type DetectorDefinition, TOPIC_SINK } from '@flowline/config';
import {
  countDeferredExplanations,
  lagSeconds,
  readPositions,
  reportScoring,
  resolveQuietAlerts,
  streamRewound,
} from '@flowline/db';
import { checkTopics, createKafkaSource, type KafkaSource, type PartitionLag } from '@flowline/kafka';
import { untilItSucceedsOr } from '@flowline/stream';
import { waiting } from '@flowline/telemetry';

import type { Arguments } from '../arguments.ts';
import type { Collector } from '../steps/collect.ts';
import { alertAddress, hasTopic } from '../alerts/open-alerts.ts';
import { ConsumerWatch } from './consumer-watch.ts';
import { openCollector } from '../steps/open-collector.ts';
import type { PartitionIds } from '../ids/partition-ids.ts';
import type { PartitionWindows } from '../windows/partition-windows.ts';
import { batchBounds, detectorRunParts, partitionIds, partitionWindows, type ProcessParts } from '../process-parts.ts';
import { runDetector } from '../run-detector.ts';
import { resetArguments } from './reset-streams.ts';
import type { StoreReport } from '../metrics/scoring-reporter.ts';
import type { KafkaDetector } from './select-detectors.ts';
import { streamOffsets } from './stream-offsets.ts';

/** Consumer group that a detector's scorers share, and the database that they store into. */
export interface GroupMembership {
  readonly groupId: string;
  /** Id of the database. */
  readonly database: string;
}

/** Scores the topic of one detector until it is stopped. */
export class DetectorRun {
  readonly #parts: ProcessParts;
  readonly #definition: DetectorDefinition;
  readonly #version: number;
  readonly #args: Arguments;
  readonly #topic: string;
  readonly #source: KafkaSource;
  readonly #windows: PartitionWindows;
  readonly #ids: PartitionIds;
  readonly #watch: ConsumerWatch;
  readonly #partitions = new Set<number>();
  #onReading: () => void = () => undefined;

  constructor(
    parts: ProcessParts,
    { definition, version, kafka }: KafkaDetector,
    membership: GroupMembership,
    args: Arguments,
  ) {
    const { db, settings, metrics } = parts;
    this.#parts = parts;
    this.#definition = definition;
    this.#version = version;
    this.#args = args;
    this.#topic = kafka.topic;
    this.#windows = partitionWindows(parts, definition.name, { wereReset: args.resetWindows });
    this.#ids = partitionIds(parts, definition.name);
    this.#source = createKafkaSource({
      client: parts.kafka(),
      ...membership,
      resetArguments: resetArguments(definition.name),
      topic: kafka.topic,
      startFrom: kafka.startFrom,
      offsets: streamOffsets(db, metrics, definition.name, { windows: this.#windows, ids: this.#ids }),
      ...batchBounds(settings, args.batchSize),
    });
    const { health, logger } = parts;
    const watched = { detector: definition.name, topic: kafka.topic, source: this.#source };
    this.#watch = new ConsumerWatch({ ...watched, health, logger, metrics, stallMs: settings.consumerStallMs });
  }

  /**
   * @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE, or the error that
   * ends a run.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { alerts } = this.#args;
    try {
      await this.#checkTopics(signal);
      const report: StoreReport = (state) =>
        reportScoring(this.#parts.db, {
          ...state,
          detector: this.#definition.name,
          detectorVersion: this.#version,
        });
      const onReading = (listener: () => void): void => {
        this.#onReading = listener;
      };
      const common = {
        source: this.#source,
        windows: this.#windows,
        ids: this.#ids,
        alerts,
        signal,
        report,
        onReading,
        defersExplanations: true,
      };
      const run = { ...common, ...(await this.#collector()) };
      await runDetector(detectorRunParts(this.#parts, this.#definition, run));
    } finally {
      this.#forgetLag();
      this.#watch.end();
      this.#windows.close();
    }
  }

  /** Waits for unreachable brokers. A missing topic is an error: a person has to create it. */
  async #checkTopics(signal: AbortSignal): Promise<void> {
    const topics = topicsOf(this.#definition, this.#topic, this.#args);
    await untilItSucceedsOr(signal, () => checkTopics(this.#parts.kafka(), topics), {
      onRetry: waiting(this.#parts, `detector ${this.#definition.name}`),
    });
  }

  /**
   * Opens a collector if the detector learns from its own events: it then starts without a model.
   */
  async #collector(): Promise<{ collector?: Collector }> {
    const { db, settings } = this.#parts;
    if (this.#definition.history.query !== null) return {};
    return { collector: await openCollector(db, this.#definition, this.#version, settings.eventMaxBytes) };
  }

  /**
   * Updates the lag gauges. Reopens the consumer if it has stopped, or if Postgres knows less than
   * was stored.
   */
  async updateLagGauges(): Promise<void> {
    const lags = await this.#lags();
    this.#forgetLag();
    if (this.#watch.check(lags)) this.#onReading();
    const detector = this.#definition.name;
    const topic = this.#topic;
    const { db, metrics } = this.#parts;
    metrics.explanationsWaiting.set({ detector }, await countDeferredExplanations(db, detector));
    await this.#resolveQuietAlerts(lags);
    const positions = await readPositions(db, detector, topic);
    const found = new Map(positions.map((position) => [position.partition, position]));
    for (const { partition, stored, records } of lags) {
      const { nextOffset = 0, recordTime = null } = found.get(partition) ?? {};
      // Queried after the reader: Postgres can only be ahead of it, unless it has lost data.
      if (nextOffset < stored) this.#source.abandon(streamRewound(topic, partition, { stored, found: nextOffset }));
      const labels = { detector, topic, partition };
      this.#partitions.add(partition);
      metrics.consumerLag.set(labels, records);
      metrics.consumerLagTime.set(labels, lagSeconds(records, recordTime));
    }
  }

  /** Resolves alerts of partitions that are read to their end and have stopped. */
  async #resolveQuietAlerts(lags: readonly PartitionLag[]): Promise<void> {
    const partitions = lags.filter(({ records }) => records === 0).map(({ partition }) => partition);
    if (partitions.length === 0) return;
    const {
      alertRules: rules,
      alertTopic,
      alertSinks,
    } = alertAddress(this.#args.alerts, this.#definition, this.#topic);
    const addresses = [...(alertTopic === null ? [] : [{ sink: TOPIC_SINK, topic: alertTopic }]), ...alertSinks];
    const detector = this.#definition.name;
    await resolveQuietAlerts(this.#parts.db, { detector, topic: this.#topic, partitions, rules, addresses });
  }

  async #lags(): Promise<PartitionLag[]> {
    try {
      return await this.#source.lag();
    } catch (error) {
      this.#watch.missed(error);
      // The last known lag says nothing about an outage, which may hide any.
      this.#forgetLag();
      throw error;
    }
  }

  /**
   * Removes the gauges of partitions: this process does not report those that it no longer reads.
   */
  #forgetLag(): void {
    const labels = { detector: this.#definition.name, topic: this.#topic };
    const { consumerLag, consumerLagTime } = this.#parts.metrics;
    for (const partition of this.#partitions) {
      consumerLag.remove({ ...labels, partition });
      consumerLagTime.remove({ ...labels, partition });
    }
    this.#partitions.clear();
  }
}

/** Topics that must exist for a detector. */
function topicsOf({ alerts }: DetectorDefinition, topic: string, args: Pick<Arguments, 'alerts'>): string[] {
  return hasTopic(args.alerts, { alerts }) ? [topic, alerts.topic] : [topic];
}
