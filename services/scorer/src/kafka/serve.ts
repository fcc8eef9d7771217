import { consumerGroupOf, listDetectors, requireIdentity, resetWindows, type StoredDetector } from '@flowline/db';
import { messageOf } from '@flowline/events';
import { tensorCount } from '@flowline/flows';
import { checkTopics } from '@flowline/kafka';
import { untilItSucceedsOr } from '@flowline/stream';
import { waiting } from '@flowline/telemetry';

import type { Arguments } from '../arguments.ts';
import { DetectorRun } from './detector-run.ts';
import { updateOutboxGauges, openAlerts } from '../alerts/open-alerts.ts';
import { pollGauges } from '../metrics/poll-gauges.ts';
import type { ProcessParts } from '../process-parts.ts';
import { resetStreams } from './reset-streams.ts';
import { checkKafkaDetectors, definitionOf, kafkaDetectors } from './select-detectors.ts';
import { Supervisor, type WantedRun } from './supervisor.ts';

/**
 * Scores the topics of the named detectors, or of all detectors, until a signal. It follows
 * detectors that are applied, changed, paused, resumed or deleted meanwhile, and waits for
 * unreachable brokers. A detector that cannot run leaves the others alone and is retried. If
 * detectors were named and all of them have failed, this rejects.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_CONFIG_INVALID,
 * FLOWLINE_DATABASE_COPIED, FLOWLINE_BROKER_UNREACHABLE if the brokers refuse, or the failure of
 * the last named detector.
 */
export async function serveKafka(parts: ProcessParts, args: Arguments): Promise<void> {
  const { db, logger, metrics, shutdown } = parts;
  const detectors = await checkKafkaDetectors(db, args.detectors, logger);
  const database = await requireIdentity(db);
  await untilBrokersAnswer(parts);
  if (args.resetOffsets) await resetStreams(parts, detectors);
  if (args.resetWindows) {
    for (const { definition, kafka } of detectors) await resetWindows(db, definition.name, kafka.topic);
    logger.warn({}, 'the windows over the past of entities start empty');
  }

  const followed = new FollowedDetectors(parts, database, args);
  const alerts = openAlerts(parts, args.alerts, () => ({ detectors: followed.names, topics: followed.topics }));
  if (alerts !== null) shutdown.defer('alerts', () => alerts.close());
  const updates = (): Promise<void>[] => {
    metrics.tensors.set(tensorCount());
    return [updateOutboxGauges(db, metrics, args.alerts), ...followed.updateLagGauges()];
  };
  void pollGauges(updates, logger, shutdown.signal, pollIntervalMs(parts.settings.consumerStallMs));
  const supervised = new Supervisor({
    list: () => followed.list(),
    logger,
    signal: shutdown.signal,
    endsWhenAllFail: args.detectors.length > 0,
  }).run();
  shutdown.defer('detectors', async () => {
    await Promise.allSettled([supervised]);
  });
  await supervised;
}

/**
 * Waits until the brokers answer.
 * @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE if they refuse.
 */
async function untilBrokersAnswer(parts: ProcessParts): Promise<void> {
  await untilItSucceedsOr(parts.shutdown.signal, () => checkTopics(parts.kafka(), []), {
    maxDelayMs: 5_000,
    onRetry: waiting(parts, 'brokers'),
  });
  parts.health.delete('brokers');
}

/** Interval between updates, short enough to notice a stalled consumer in time. */
function pollIntervalMs(stallMs: number): number {
  return Math.min(10_000, stallMs / 4);
}

/** Detectors that this scorer is responsible for, read from the database at each poll. */
class FollowedDetectors {
  readonly #parts: ProcessParts;
  /** Id of the database. */
  readonly #database: string;
  readonly #args: Arguments;
  readonly #runs = new Map<string, DetectorRun>();
  readonly #topics = new Set<string>();
  #names: readonly string[] = [];

  constructor(parts: ProcessParts, database: string, args: Arguments) {
    this.#parts = parts;
    this.#database = database;
    this.#args = args;
  }

  /** Detectors whose alerts this process sends, whether running, paused or failed. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Topics that this process has read. */
  get topics(): readonly string[] {
    return [...this.#topics];
  }

  /** Reads the detectors from the database; resolves to the runs that there should be now. */
  async list(): Promise<WantedRun[]> {
    const { db, health } = this.#parts;
    const detectors = kafkaDetectors(await listDetectors(db), this.#args.detectors);
    const names = detectors.map(({ name }) => name);
    for (const gone of this.#names.filter((name) => !names.includes(name))) health.delete(`detector ${gone}`);
    this.#names = names;
    const detail = names.length === 0 ? 'waiting: no detector has been applied' : `following ${names.length}`;
    health.set('detectors', { healthy: true, ready: names.length > 0, detail });
    const paused = detectors.filter(({ name, state }) => state === 'paused' && !this.#runs.has(name));
    for (const { name } of paused) health.set(`detector ${name}`, { healthy: true, ready: true, detail: 'paused' });
    return detectors
      .filter(({ state }) => state === 'active')
      .map((detector) => ({ ...detector, start: (signal) => this.#run(detector, signal) }));
  }

  updateLagGauges(): Promise<void>[] {
    return [...this.#runs.values()].map((run) => run.updateLagGauges());
  }

  async #run(detector: StoredDetector, signal: AbortSignal): Promise<void> {
    const { name } = detector;
    try {
      const definition = definitionOf(detector);
      const { kafka } = definition.source;
      if (kafka === null) return;
      this.#topics.add(kafka.topic);
      const groupId = await consumerGroupOf(this.#parts.db, name);
      const membership = { groupId, database: this.#database };
      const run = new DetectorRun(
        this.#parts,
        { definition, version: detector.version, kafka },
        membership,
        this.#args,
      );
      this.#runs.set(name, run);
      await run.run(signal);
    } catch (err) {
      const detail = messageOf(err);
      this.#parts.health.set(`detector ${name}`, { healthy: false, ready: false, detail });
      this.#parts.logger.error({ detector: name, err }, 'the detector stops');
      throw err;
    } finally {
      this.#runs.delete(name);
    }
  }
}
