import { pause } from '@flowline/telemetry';
import { createTask, type ScheduledTask } from 'node-cron';

import { missedRun, scheduleOf } from './missed-run.ts';

/** A detector that is trained on a schedule. */
export interface ScheduledDetector {
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  /** Delay of its runs, the same for each; see {@link spreadMs}. */
  readonly delayMs: number;
  /** Start of the schedule while nothing has run. */
  readonly appliedAt: Date;
}

/** Environment of the schedule. */
export interface ScheduleParts {
  /** Lists the detectors that have a schedule now. */
  list(): Promise<readonly ScheduledDetector[]>;
  /** Latest scheduled time that was or is being run; null if there is none. */
  lastRun(detector: string): Promise<Date | null>;
  /** Runs one scheduled time. Resolves when it has ended, whoever ran it. */
  train(detector: string, scheduledFor: Date): Promise<unknown>;
  /**
   * Called after each reading of the detectors, with null and the detectors whose schedules cannot
   * be run, or with the error of the reading.
   */
  onReread(error: unknown, unrunnable: readonly string[]): void;
  /** Called with an error of one detector, which does not end the schedule. */
  onError(detector: string, error: unknown): void;
  readonly signal: AbortSignal;
  /**
   * Interval between readings of the detectors, which also look for missed runs (default 30,000).
   */
  readonly rereadMs?: number;
  readonly now?: () => Date;
}

interface Entry {
  readonly detector: ScheduledDetector;
  readonly task: ScheduledTask | null;
}

const REREAD_MS = 30_000;
/** Silences node-cron's remarks on ticks: all that matters is whether a run is due. */
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

/** Ticks of a schedule on any day, in the notation of node-cron. */
function ticksOf(schedule: string): string {
  const { seconds, minutes, hours } = scheduleOf(schedule);
  return `${[seconds, minutes, hours].map((values) => values.join(',')).join(' ')} * * *`;
}

/**
 * Trains detectors on their schedules, one at a time in this process.
 *
 * ```
 *  start() ──▶ reread ──every rereadMs──▶ reread … ──▶ signal ──▶ stopped
 *                │ a detector is new or changed: its cron task is made anew; gone: removed
 *                │ a scheduled time has passed that nobody ran: it is run (also after a tick, for which this is the check)
 *                └ an invalid expression: reported once, the others go on
 * ```
 *
 * A tick of node-cron only triggers a look. The run is the scheduled time that has passed since the
 * last run, found by `missedRun`. A tick that comes twice, or not at all, on a day when clocks
 * change makes no difference.
 */
export class TrainingSchedule {
  readonly #parts: ScheduleParts;
  readonly #entries = new Map<string, Entry>();
  readonly #reported = new Set<string>();
  #queue: Promise<void> = Promise.resolve();
  readonly #queued = new Set<string>();

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
  }

  /** Runs until the signal. Resolves once the training in progress, if any, has ended. */
  async run(): Promise<void> {
    const { signal, rereadMs = REREAD_MS } = this.#parts;
    while (!signal.aborted) {
      await this.reread();
      await pause(rereadMs, signal);
    }
    for (const { task } of this.#entries.values()) void task?.destroy();
    this.#entries.clear();
    await this.#queue;
  }

  /** Reads the detectors again and starts the runs that are due. */
  async reread(): Promise<void> {
    try {
      const detectors = await this.#parts.list();
      const names = new Set(detectors.map((detector) => detector.name));
      for (const [name, { task }] of this.#entries) {
        if (names.has(name)) continue;
        void task?.destroy();
        this.#entries.delete(name);
        this.#reported.delete(name);
      }
      for (const detector of detectors) {
        this.#ensureTask(detector);
        void this.#enqueue(detector);
      }
      this.#parts.onReread(null, [...this.#reported].sort());
    } catch (error) {
      this.#parts.onReread(error, []);
    }
  }

  /** Resolves once the queue is empty. */
  async idle(): Promise<void> {
    let seen;
    do {
      seen = this.#queue;
      await seen;
    } while (seen !== this.#queue);
  }

  #ensureTask(detector: ScheduledDetector): void {
    const known = this.#entries.get(detector.name);
    const same = known?.detector.schedule === detector.schedule && known.detector.timezone === detector.timezone;
    if (same) return;
    void known?.task?.destroy();
    this.#entries.set(detector.name, { detector, task: this.#createTask(detector) });
  }

  #createTask(detector: ScheduledDetector): ScheduledTask | null {
    try {
      const task = createTask(ticksOf(detector.schedule), () => this.#enqueue(detector), {
        name: detector.name,
        timezone: detector.timezone,
        noOverlap: true,
        // A late tick loses nothing: the next reread finds its run.
        suppressMissedWarning: true,
        logger: quiet,
      });
      void task.start();
      this.#reported.delete(detector.name);
      return task;
    } catch (error) {
      if (!this.#reported.has(detector.name)) this.#parts.onError(detector.name, error);
      this.#reported.add(detector.name);
      return null;
    }
  }

  /** Queues a check of a detector. A detector is queued at most once. */
  #enqueue(detector: ScheduledDetector): Promise<void> {
    if (this.#queued.has(detector.name) || this.#reported.has(detector.name)) return Promise.resolve();
    this.#queued.add(detector.name);
    this.#queue = this.#queue.then(async () => {
      this.#queued.delete(detector.name);
      try {
        await this.#runDue(detector);
      } catch (error) {
        this.#parts.onError(detector.name, error);
      }
    });
    return this.#queue;
  }

  async #runDue(detector: ScheduledDetector): Promise<void> {
    const { now = () => new Date(), signal } = this.#parts;
    if (signal.aborted) return;
    const last = (await this.#parts.lastRun(detector.name)) ?? detector.appliedAt;
    const due = missedRun(detector.schedule, detector.timezone, last, new Date(now().getTime() - detector.delayMs));
    if (due !== null) await this.#parts.train(detector.name, due);
  }
}
