import { type DetectorDefinition, TOPIC_SINK } from '@flowline/config';
import {
  countBacklogAnomalies,
  type Arrivals,
  countDeferredExplanations,
  lagSeconds,
  type QuietStream,
  readPositions,
  reportScoring,
  resolveQuietAlerts,
  streamRewound,
  withdrawAbsences,
} from '@flowline/db';
import { checkTopics, createKafkaSource, type KafkaSource, type PartitionLag } from '@flowline/kafka';
import { untilItSucceedsOr } from '@flowline/stream';
import { waiting } from '@flowline/telemetry';

import type { Arguments } from '../arguments.ts';
import type { Collector } from '../steps/collect.ts';
import { alertAddress, hasTopic } from '../alerts/open-alerts.ts';
import { AbsenceInForce } from './absence-in-force.ts';
import { absenceArrivals, watchForAbsences } from './absence-watch.ts';
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
  readonly #absence: AbsenceInForce;
  readonly #arrivals: Arrivals | undefined;
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
    this.#absence = new AbsenceInForce(parts, definition);
    const { absence } = definition.alerts;
    this.#arrivals = absence === null ? undefined : absenceArrivals(absence, this.#absence, definition.name, parts);
    const watched = { detector: definition.name, topic: kafka.topic, source: this.#source };
    this.#watch = new ConsumerWatch({ ...watched, health, logger, metrics, stallMs: settings.consumerStallMs });
  }

  /**
   * @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE, or the error that
   * ends a run.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { alerts } = this.#args;
    const watching = new AbortController();
    let watch: Promise<void> | undefined;
    try {
      await this.#checkTopics(signal);
      watch = this.#watchForAbsences(watching.signal);
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
        ...(this.#arrivals === undefined ? {} : { arrivals: this.#arrivals }),
      };
      const run = { ...common, ...(await this.#collector()) };
      await runDetector(detectorRunParts(this.#parts, this.#definition, run));
    } finally {
      watching.abort();
      await watch;
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
    return {
      collector: await openCollector(db, this.#definition, this.#version, settings.eventMaxBytes, this.#arrivals),
    };
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
    metrics.anomaliesWaiting.set({ detector }, await countBacklogAnomalies(db, detector));
    const addressed = this.#addressedAlerts();
    await this.#resolveQuietAlerts(lags, addressed);
    const { policy } = this.#absence;
    const watched = policy == null ? null : { topic, per: policy.per };
    if (policy !== undefined) await withdrawAbsences(db, { detector, watched, ...addressed });
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
  async #resolveQuietAlerts(
    lags: readonly PartitionLag[],
    addressed: Pick<QuietStream, 'rules' | 'addresses'>,
  ): Promise<void> {
    const partitions = lags.filter(({ records }) => records === 0).map(({ partition }) => partition);
    if (partitions.length === 0) return;
    const detector = this.#definition.name;
    await resolveQuietAlerts(this.#parts.db, { detector, topic: this.#topic, partitions, ...addressed });
  }

  /** Looks for absences until the signal, if the detector wants to know of any. */
  #watchForAbsences(signal: AbortSignal): Promise<void> {
    if (this.#definition.alerts.absence === null) return Promise.resolve();
    const { silentSince } = this.#parts.rules.of(this.#definition);
    const subject = { detector: this.#definition.name, topic: this.#topic, silentSince };
    const stream = { ...subject, ...this.#addressedAlerts() };
    return watchForAbsences({ ...this.#parts, stream, absence: this.#absence, source: this.#source }, signal);
  }

  /** Rules of alerts that the clock changes, and the addresses of the messages about them. */
  #addressedAlerts(): Pick<QuietStream, 'rules' | 'addresses'> {
    const { alertRules, alertTopic, alertSinks } = alertAddress(this.#args.alerts, this.#definition, this.#topic);
    const addresses = [...(alertTopic === null ? [] : [{ sink: TOPIC_SINK, topic: alertTopic }]), ...alertSinks];
    return { rules: alertRules, addresses };
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
