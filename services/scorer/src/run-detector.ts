import type { WrittenPiece } from '@flowline/db';
import { type EventSource, isRetryableError, retryWithBackoff } from '@flowline/stream';
import type { Health, Logger, Metrics } from '@flowline/telemetry';
import { defer, finalize, lastValueFrom, type Observable, tap } from 'rxjs';

import { collect, collectUntil, type Collector, keepCollecting } from './steps/collect.ts';
import { type AnomalyRules, noRules } from './steps/apply-rules.ts';
import type { CommittedEvents, Store } from './steps/commit.ts';
import { type DiscoveryStore, PartitionDiscoveries } from './discoveries/partition-discoveries.ts';
import type { ChampionHolder, ChampionLoader } from './champion/champion-holder.ts';
import { createObservedHolder } from './champion/observed-holder.ts';
import type { Champion } from './champion/champion.ts';
import { AnomalyBacklog, type AnomalyBacklogParts } from './backlog/anomaly-backlog.ts';
import { explainLater, type DeferredExplanations } from './explaining/explain-later.ts';
import { ExplainingBudget } from './explaining/explaining-budget.ts';
import { WorkSignal } from './explaining/work-signal.ts';
import { waitForChampion } from './champion/wait-for-champion.ts';
import { leaseScope } from './champion/lease-scope.ts';
import { countSuppressed } from './metrics/batch-metrics.ts';
import { collectedObserver, scoredObserver } from './metrics/batch-observer.ts';
import type { PartitionIds } from './ids/partition-ids.ts';
import type { PartitionWindows } from './windows/partition-windows.ts';
import { pipeline } from './pipeline.ts';
import { ScoringReporter, type StoreReport } from './metrics/scoring-reporter.ts';
import { RunStatus } from './metrics/run-status.ts';
import { RunCounter, type RunTotals } from './metrics/run-totals.ts';
import { createStageTimer } from './metrics/stage-timer.ts';

export interface DetectorRunParts {
  readonly name: string;
  readonly source: EventSource;
  /** Past of the entities, up to the position of the source. */
  readonly windows: PartitionWindows;
  /** Ids that events have had. */
  readonly ids: PartitionIds;
  /** Anomalies that have been found, by partition. */
  readonly discoveries: DiscoveryStore;
  readonly loader: ChampionLoader;
  readonly store: Store;
  /**
   * Share of the time for explanations before their anomalies are stored, in [0, 1] (default 1: all
   * are explained).
   */
  readonly explainShare?: number;
  /** Anomalies that wait for their explanation; absent where none is deferred. */
  readonly deferred?: DeferredExplanations;
  /** Writes out a piece of the backlog of anomalies; absent where all are written out at once. */
  readonly writeOut?: AnomalyBacklogParts['writeOut'];
  /** Rules and calendars for anomalies; by default none. */
  readonly rules?: AnomalyRules;
  /** For a detector that learns from its own events: stores them while there is no model. */
  readonly collector?: Collector;
  /**
   * Stores which model scores, and repeats it while the run lasts. Absent for a run that reports to
   * nobody, such as one over a file.
   */
  readonly report?: StoreReport;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** If aborted, the batches in flight are finished, then the run ends. */
  readonly signal: AbortSignal;
  /** Registers a listener that is called while the source is known to be read. */
  readonly onReading?: (listener: () => void) => void;
  /** Interval between checks for a new champion. */
  readonly pollMs?: number;
}

/**
 * Runs one detector over one source until the source ends or the signal comes. Without a champion,
 * an endless source waits and a finite one fails. Then it scores, stores, and takes over champions
 * as they are promoted. Failures that may pass are waited out: of the database by holding the
 * batch, of the brokers by reopening the source.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING (finite source), or any error that will not pass by
 * itself.
 */
export async function runDetector(parts: DetectorRunParts): Promise<RunTotals> {
  const { name, source, signal } = parts;
  const logger = parts.logger.child({ detector: name });
  const status = new RunStatus(name, parts.health, logger);
  const counter = new RunCounter(name);
  const watching = new AbortController();
  const budget = new ExplainingBudget(parts.explainShare ?? 1);
  const work = new WorkSignal();
  const backlog = backlogOf(parts, work, logger);
  const beside: Promise<void>[] = [];
  const reporter = new ScoringReporter(parts.report ?? (() => Promise.resolve()), logger);
  const holder = createObservedHolder({ ...parts, logger, status, reporter });
  try {
    signal.addEventListener('abort', () => source.stop());
    if (signal.aborted) source.stop();
    status.waits('loading the champion');
    void reporter.run(watching.signal);
    // What is stored needs no champion: alerts of it do not wait for one.
    if (backlog !== null) beside.push(backlog.run(watching.signal));
    if (parts.deferred !== undefined)
      beside.push(explainLater(parts.deferred, { budget, work }, logger, watching.signal));
    const model = await firstChampion(parts, holder, status, reporter);
    if (model === undefined) return counter.totals();
    void holder.watch(watching.signal);
    parts.onReading?.(() => {
      if (holder.current !== undefined) status.reads();
    });
    counter.start(model.detector.compute.backend);
    status.scores();
    const observe = scoredObserver(parts, logger);
    const stored$ = storedBatches(parts, { budget, backlog, holder, status }).pipe(
      tap((batch) => {
        counter.add(batch);
        if (batch.report.waiting !== undefined) backlog?.joined(batch.report.waiting);
        observe(batch);
        if (batch.scored.anomalies.some(({ alert }) => alert.explanation === 'deferred')) work.give();
        status.scores();
      }),
      retryWithBackoff({
        isRetryable: (error) => !source.finite && isRetryableError(error),
        onRetry: status.sourceFailed,
      }),
    );
    await lastValueFrom(stored$, { defaultValue: undefined });
    return counter.totals();
  } catch (error) {
    status.failed(error);
    throw error;
  } finally {
    watching.abort();
    await Promise.all(beside);
    holder.close();
  }
}

/**
 * Waits for the first champion if the source is endless. Meanwhile it collects events, if the
 * detector learns from them.
 */
async function firstChampion(
  parts: DetectorRunParts,
  holder: ChampionHolder,
  status: RunStatus,
  reporter: ScoringReporter,
): Promise<Champion | undefined> {
  const { name, source, windows, ids, loader, collector, signal } = parts;
  const wait = !source.finite;
  const onWait = (reason: string): void => {
    status.waits(reason);
    reporter.waits();
  };
  if (collector === undefined || !wait) return waitForChampion(holder, { name, wait, signal, onWait });
  const champion$ = defer(() => loader.championVersion()).pipe(
    retryWithBackoff({ onRetry: status.waitsAfter('the champion cannot be looked up') }),
  );
  const first = waitForChampion(holder, { name, wait, signal, onWait });
  if ((await lastValueFrom(champion$)) !== null) return first;
  status.waits('collecting: events are stored as history for the first model');
  const collected$ = collect(source, collector, { windows, ids }, status.waitsAfter('a batch cannot be stored')).pipe(
    tap(collectedObserver(parts, parts.logger.child({ detector: name }))),
    keepCollecting(status.waitsAfter('the source failed')),
  );
  return collectUntil(first, collected$);
}

/** Parts that a run makes itself. */
interface OfRun {
  readonly budget: ExplainingBudget;
  readonly backlog: AnomalyBacklog | null;
  readonly holder: ChampionHolder;
  readonly status: RunStatus;
}

/** Backlog of a run's anomalies; null if all are written out at once. */
function backlogOf(
  { name, writeOut, metrics }: DetectorRunParts,
  toExplain: WorkSignal,
  logger: Logger,
): AnomalyBacklog | null {
  if (writeOut === undefined) return null;
  const onWritten = ({ batch }: WrittenPiece): void => {
    countSuppressed(metrics, name, batch.anomalies);
    toExplain.give();
  };
  return new AnomalyBacklog({ writeOut, onWritten, logger });
}

/**
 * Runs the pipeline over its source from start to end, and releases the leases that a run leaves
 * behind.
 */
function storedBatches(
  { name, source, windows, ids, store, metrics, rules = noRules, ...parts }: DetectorRunParts,
  { budget, backlog, holder, status }: OfRun,
): Observable<CommittedEvents> {
  return defer(() => {
    const models = leaseScope(holder);
    const discoveries = new PartitionDiscoveries(parts.discoveries);
    const timed = createStageTimer(metrics, name);
    const onWait = status.waitsAfter('a batch cannot be stored');
    return pipeline({ source, models, windows, ids, discoveries, store, budget, backlog, rules, timed, onWait }).pipe(
      finalize(() => models.releaseAll()),
    );
  });
}
