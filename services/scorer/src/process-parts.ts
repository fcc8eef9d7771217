import type { DetectorDefinition, Settings } from '@flowline/config';
import {
  type Arrivals,
  claimEntities,
  commitBatch,
  type Database,
  readDiscoveries,
  readEventIds,
  readWindows,
} from '@flowline/db';
import { WindowMemory } from '@flowline/features';
import type { KafkaClient } from '@flowline/kafka';
import { type EventSource, untilItSucceeds } from '@flowline/stream';
import type { Health, Logger, Metrics, Shutdown } from '@flowline/telemetry';

import type { AlertsChoice } from './arguments.ts';
import { backlogWriter } from './backlog/backlog-writer.ts';
import type { ChampionLookup } from './champion/champion-lookup.ts';
import type { Collector } from './steps/collect.ts';
import { deferredExplanations } from './explaining/deferred-explanations.ts';
import { createChampionLoader } from './champion/load-champion.ts';
import type { DiscoveryStore } from './discoveries/partition-discoveries.ts';
import { alertAddress } from './alerts/open-alerts.ts';
import { type IdStore, PartitionIds } from './ids/partition-ids.ts';
import { warnOfForgottenIds } from './ids/warn-of-forgotten-ids.ts';
import type { RulesInForce } from './rules/rules-in-force.ts';
import { PartitionWindows, type PartitionWindowsOptions } from './windows/partition-windows.ts';
import { warnOfLimits, warnOfMemory } from './windows/warn-of-limits.ts';
import type { DetectorRunParts } from './run-detector.ts';
import type { StoreReport } from './metrics/scoring-reporter.ts';

/** Parts that all runs of a process share. */
export interface ProcessParts {
  readonly db: Database;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly shutdown: Shutdown;
  readonly champions: ChampionLookup;
  /** Rules and calendars in force. */
  readonly rules: Pick<RulesInForce, 'of'>;
  /** Memory bound of the windows of all detectors. */
  readonly windowMemory: WindowMemory;
  /** Connects to Kafka; called only if needed. */
  readonly kafka: () => KafkaClient;
}

/** Parts of a single run. */
export interface RunParts {
  readonly source: EventSource;
  readonly windows: PartitionWindows;
  readonly ids: PartitionIds;
  readonly alerts: AlertsChoice;
  readonly signal: AbortSignal;
  readonly collector?: Collector;
  /** True if explanations may follow their anomalies: for a run that lasts. */
  readonly defersExplanations?: boolean;
  readonly report?: StoreReport;
  readonly onReading?: (listener: () => void) => void;
  /** Arrivals that are noted with the events, where absences are watched. */
  readonly arrivals?: Arrivals;
}

/**
 * Assembles a run of one detector over one source, with the models and the store of this process.
 */
export function detectorRunParts(
  { db, settings, logger, metrics, health, champions, rules }: ProcessParts,
  definition: DetectorDefinition,
  run: RunParts,
): DetectorRunParts {
  const { name } = definition;
  const { sample, precision } = definition.retention;
  const ownRules = rules.of(definition);
  const noted = run.arrivals === undefined ? {} : { arrivals: run.arrivals };
  return {
    name,
    source: run.source,
    windows: run.windows,
    ids: run.ids,
    rules: ownRules,
    discoveries: discoveryStore({ db, logger }, name),
    loader: createChampionLoader({ db, detector: name, champions, settings, logger }),
    store: {
      commit: (batch) =>
        commitBatch(db, batch, { sample, precision, ...noted, ...alertAddress(run.alerts, definition, batch.topic) }),
    },
    ...(run.defersExplanations === true
      ? {
          explainShare: definition.alerts.explainShare,
          deferred: deferredExplanations({ db, settings, definition }),
          writeOut: backlogWriter(db, definition, { rules: ownRules, alerts: run.alerts }),
        }
      : {}),
    ...(run.collector === undefined ? {} : { collector: run.collector }),
    ...(run.report === undefined ? {} : { report: run.report }),
    ...(run.onReading === undefined ? {} : { onReading: run.onReading }),
    logger,
    metrics,
    health,
    signal: run.signal,
  };
}

/**
 * Windows of a detector's partitions, kept in Postgres. Claims wait while Postgres is unreachable.
 */
export function partitionWindows(
  { db, logger, metrics, windowMemory: memory }: ProcessParts,
  detector: string,
  { wereReset = false }: Pick<PartitionWindowsOptions, 'wereReset'> = {},
): PartitionWindows {
  const ofDetector = logger.child({ detector });
  return new PartitionWindows(
    {
      read: (topic, partition) => readWindows(db, detector, topic, partition),
      claim: (scope, entities) =>
        untilItSucceeds(() => claimEntities(db, { detector, ...scope }, entities), {
          onRetry: ({ error, failures, delayMs }) =>
            ofDetector.warn({ err: error, failures, delayMs }, 'waiting: entities cannot be claimed'),
          maxDelayMs: 5_000,
        }),
    },
    ofDetector,
    { memory, wereReset, onLimit: warnOfLimits(ofDetector, metrics, detector) },
  );
}

/**
 * Event ids of a detector's partitions, kept in Postgres. Reading them waits while it is
 * unreachable.
 */
export function partitionIds({ db, logger, metrics }: ProcessParts, detector: string): PartitionIds {
  const ofDetector = logger.child({ detector });
  const read: IdStore['read'] = (stream) =>
    untilItSucceeds(() => readEventIds(db, { detector, ...stream }), {
      onRetry: ({ error, failures, delayMs }) =>
        ofDetector.warn({ err: error, failures, delayMs }, 'waiting: event ids cannot be read'),
      maxDelayMs: 5_000,
    });
  return new PartitionIds({ read }, warnOfForgottenIds(ofDetector, metrics, detector));
}

/** Anomalies found in a detector's partitions. Reading them waits while Postgres is unreachable. */
function discoveryStore({ db, logger }: Pick<ProcessParts, 'db' | 'logger'>, detector: string): DiscoveryStore {
  return {
    read: (stream) =>
      untilItSucceeds(() => readDiscoveries(db, { detector, ...stream }), {
        onRetry: ({ error, failures, delayMs }) =>
          logger.warn({ detector, err: error, failures, delayMs }, 'waiting: discoveries cannot be read'),
        maxDelayMs: 5_000,
      }),
  };
}

/** Memory bound of the windows of a process. */
export function windowMemory({ windowsMaxBytes }: Settings, logger: Logger, metrics: Metrics): WindowMemory {
  return new WindowMemory(windowsMaxBytes, warnOfMemory(logger, metrics, windowsMaxBytes));
}

/** Maximum rows per batch, and the maximum time that an incomplete batch waits for more. */
export function batchBounds({ batch }: Settings, batchSize: number | null): { maxRows: number; maxWaitMs: number } {
  return { maxRows: batchSize ?? batch.maxRows, maxWaitMs: batch.maxWaitMs };
}
