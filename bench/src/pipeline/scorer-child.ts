// The scorer as the product runs it, in its own process, with a clock at its store. It exits after
// a given number of events.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

import { loadSettings, readDefinition, requireDatabaseUrl, requireKafkaBrokers } from '@flowline/config';
import { championVersions, connect, countBacklogAnomalies, type Database, getDetector } from '@flowline/db';
import { at } from '@flowline/events';
import type { DeadLetter, ScoredBatch } from '@flowline/events';
import { createKafkaClient, createKafkaSource } from '@flowline/kafka';
import { createLogger, createMetrics, Health, Shutdown } from '@flowline/telemetry';

import { noRules } from '../../../services/scorer/src/steps/apply-rules.ts';
import { ChampionLookup } from '../../../services/scorer/src/champion/champion-lookup.ts';
import type { ChampionLoader } from '../../../services/scorer/src/champion/champion-holder.ts';
import { streamOffsets } from '../../../services/scorer/src/kafka/stream-offsets.ts';
import { openAlerts } from '../../../services/scorer/src/alerts/open-alerts.ts';
import {
  batchBounds,
  detectorRunParts,
  partitionIds,
  partitionWindows,
  windowMemory,
} from '../../../services/scorer/src/process-parts.ts';
import { runDetector } from '../../../services/scorer/src/run-detector.ts';
import { quantile } from '../support/statistics.ts';
import { type CpuStage, profiled, stages } from './cpu-stages.ts';

/** Task of a run, as JSON in its only argument. */
export interface ChildTask {
  readonly detector: string;
  readonly events: number;
  /** Events of the warm-up, which are not counted. */
  readonly warmUpEvents: number;
  /** If false, every event gets the same score without being looked at. */
  readonly scoring: boolean;
  /** Profiles the main thread, which slows it slightly. */
  readonly profile: boolean;
}

/**
 * Result of a run, printed as one line of JSON at its end. Before that, the run prints `ready` when
 * the first events are stored.
 */
export interface ChildResult {
  readonly backend: string;
  readonly eventsPerSecond: number;
  /** CPU time of the whole process, over all threads. */
  readonly processMicrosPerEvent: number;
  /** CPU time of the main thread, by stage; empty without a profile. */
  readonly stageMicrosPerEvent: Readonly<Partial<Record<CpuStage, number>>>;
  /** Median latency from the creation of an event to the commit that stores it. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Longest time for which the event loop was held. */
  readonly longestHoldMs: number;
  /** Most memory of the process. */
  readonly residentMb: number;
  /** Time after the last event until every anomaly was written out. */
  readonly backlogSeconds: number;
}

async function run({ detector, events, warmUpEvents, scoring, profile }: ChildTask): Promise<ChildResult> {
  const settings = loadSettings();
  const logger = createLogger({ name: 'bench', level: 'error' });
  const shutdown = new Shutdown({ logger });
  const db = await connect(requireDatabaseUrl(settings), { applicationName: 'flowline bench', poolSize: 8 });
  const client = createKafkaClient({ brokers: requireKafkaBrokers(settings), clientId: 'bench', log: logger });
  const metrics = createMetrics();
  const shared = {
    champions: new ChampionLookup(() => championVersions(db)),
    windowMemory: windowMemory(settings, logger, metrics),
    kafka: () => client,
    rules: { of: () => noRules },
  };
  const parts = { db, settings, logger, metrics, health: new Health(), shutdown, ...shared };
  const { definition: stored } = await getDetector(db, detector);
  const definition = readDefinition(stored, detector);
  const { kafka } = definition.source;
  if (kafka === null) throw new Error(`${detector} reads no topic`);
  const windows = partitionWindows(parts, detector);
  const ids = partitionIds(parts, detector);
  const source = createKafkaSource({
    client,
    groupId: `flowline.${detector}`,
    database: 'bench',
    resetArguments: '--reset-offsets',
    topic: kafka.topic,
    startFrom: kafka.startFrom,
    offsets: streamOffsets(db, parts.metrics, detector, { windows, ids }),
    ...batchBounds(settings, null),
  });
  const stop = new AbortController();
  const own = { source, windows, ids, alerts: 'kafka', defersExplanations: true, signal: stop.signal } as const;
  const base = detectorRunParts(parts, definition, own);
  const alerts = openAlerts(parts, 'kafka', () => ({ detectors: [detector], topics: [kafka.topic] }));
  let backlogSeconds = 0;
  const clock = new StoreClock(events, warmUpEvents, () => {
    void secondsUntilWritten(db, detector).then((seconds) => {
      backlogSeconds = seconds;
      stop.abort();
    });
  });
  let backend = 'none';
  const loader: ChampionLoader = {
    championVersion: () => base.loader.championVersion(),
    loadChampion: async () => {
      const model = await base.loader.loadChampion();
      backend = scoring ? model.detector.compute.backend : 'none';
      return scoring ? model : { ...model, detector: withoutScoring(model.detector) };
    },
  };
  const store = {
    commit: async (batch: ScoredBatch) => {
      const report = await base.store.commit(batch);
      clock.stored(batch);
      return report;
    },
  };
  const finished = async (): Promise<void> => {
    await runDetector({ ...base, loader, store });
  };
  let micros: Readonly<Record<CpuStage, number>> | null = null;
  if (profile) micros = await profiled(finished);
  else await finished();
  await alerts?.drain();
  const stageMicrosPerEvent =
    micros === null ? {} : Object.fromEntries(stages.map((stage) => [stage, micros[stage] / events]));
  return { backend, ...clock.result(), stageMicrosPerEvent, backlogSeconds };
}

/** Waits until no anomaly waits to be written out, for a minute at most. */
async function secondsUntilWritten(db: Database, detector: string): Promise<number> {
  const startMs = performance.now();
  const seconds = (): number => (performance.now() - startMs) / 1000;
  while (seconds() < 60 && (await countBacklogAnomalies(db, detector)) > 0) await setTimeout(50);
  return seconds();
}

type ScoringDetector = Awaited<ReturnType<ChampionLoader['loadChampion']>>['detector'];

/** A detector that gives every event the same p-value. */
function withoutScoring(detector: ScoringDetector): ScoringDetector {
  return {
    alpha: detector.alpha,
    compute: detector.compute,
    bundle: detector.bundle,
    explain: () => Promise.resolve([]),
    score: ({ size }) =>
      Promise.resolve({
        size,
        logDensityNats: new Float64Array(size),
        pValues: new Float64Array(size).fill(0.5),
        pMethods: new Array(size).fill('empirical'),
        outOfDomain: new Uint8Array(size),
        pooled: new Uint8Array(size),
      }),
    dispose: () => detector.dispose(),
  };
}

/** Counts stored events, and times them from the end of the warm-up to the last event. */
class StoreClock {
  readonly #events: number;
  readonly #warmUpEvents: number;
  readonly #onEnd: () => void;
  readonly #latenciesMs: Float64Array;
  readonly #holds = monitorEventLoopDelay({ resolution: 1 });
  /** A dead letter ends the run: its events would be missing at the end. */
  #deadLetter: DeadLetter | undefined;
  #stored = 0;
  #begin: { readonly ms: number; readonly events: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  #end: { readonly ms: number; readonly cpu: NodeJS.CpuUsage } | undefined;

  constructor(events: number, warmUpEvents: number, onEnd: () => void) {
    this.#events = events;
    this.#warmUpEvents = warmUpEvents;
    this.#onEnd = onEnd;
    this.#latenciesMs = new Float64Array(events);
  }

  stored({ size, eventTimesMs, deadLetters }: ScoredBatch): void {
    this.#deadLetter ??= deadLetters[0];
    if (this.#deadLetter !== undefined) {
      this.#onEnd();
      return;
    }
    const now = Date.now();
    eventTimesMs.forEach((timeMs, i) => (this.#latenciesMs[this.#stored + i] = now - timeMs));
    if (this.#stored === 0) process.stdout.write('ready\n');
    this.#stored += size;
    if (this.#begin === undefined && this.#stored >= this.#warmUpEvents) {
      this.#holds.enable();
      this.#begin = { ms: performance.now(), events: this.#stored, cpu: process.cpuUsage() };
    }
    if (this.#stored < this.#events) return;
    this.#holds.disable();
    this.#end = { ms: performance.now(), cpu: process.cpuUsage(this.#begin?.cpu) };
    this.#onEnd();
  }

  result(): Omit<ChildResult, 'backend' | 'stageMicrosPerEvent' | 'backlogSeconds'> {
    if (this.#deadLetter !== undefined) throw new Error(`a dead letter: ${this.#deadLetter.message}`);
    if (this.#begin === undefined || this.#end === undefined) throw new Error('the run ended before its events');
    const events = this.#stored - this.#begin.events;
    const latencies = this.#latenciesMs.subarray(this.#begin.events, this.#stored);
    return {
      eventsPerSecond: (events * 1000) / (this.#end.ms - this.#begin.ms),
      processMicrosPerEvent: (this.#end.cpu.user + this.#end.cpu.system) / events,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      longestHoldMs: this.#holds.max / 1e6,
      residentMb: process.resourceUsage().maxRSS / 1024,
    };
  }
}

const task = JSON.parse(at(process.argv, 2)) as ChildTask;
process.stdout.write(`${JSON.stringify(await run(task))}\n`);
process.exit(0); // kafkajs may wait for a broker that is gone
