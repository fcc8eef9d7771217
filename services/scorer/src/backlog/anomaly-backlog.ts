import type { WrittenPiece } from '@flowline/db';
import { type Logger, pause } from '@flowline/telemetry';

import { WorkSignal } from '../explaining/work-signal.ts';
import { WRITTEN_AT_ONCE } from '../steps/explain.ts';

/** Time within which many anomalies have joined the backlog at once: the incident goes on. */
const INCIDENT_MS = 1_000;
/** Shares of the time while an incident goes on, and once its anomalies have waited for long. */
const INCIDENT_SHARE = 0.1;
const OVERDUE_SHARE = 0.5;
const OVERDUE_MS = 30_000;
/** Time that an incident has to itself before the first of its anomalies that wait. */
const HEAD_START_MS = 500;
/** Longest pause after a piece: one for which Postgres took long delays no others for minutes. */
const LONGEST_PAUSE_MS = 2_000;
/** Delay before the next look where nothing waited. */
const IDLE_MS = 2_000;
const FAILED_MS = 5_000;

/** Parts of an {@link AnomalyBacklog}. */
export interface AnomalyBacklogParts {
  /** Writes out the oldest piece; null if nothing waits. */
  readonly writeOut: () => Promise<WrittenPiece | null>;
  /** Called with each piece that was written out. */
  readonly onWritten: (piece: WrittenPiece) => void;
  readonly logger: Logger;
  readonly nowMs?: () => number;
  /** Delay of the first look after anomalies have joined (default 500 ms). */
  readonly headStartMs?: number;
  /** Longest pause after a piece (default 2 s). */
  readonly longestPauseMs?: number;
}

/**
 * Anomalies of a detector that were too many to be written out with their batch. They are written
 * out beside the stream: in a tenth of the time while it brings more of them, in half of it when
 * they have waited for long, and without a pause once the incident is over.
 */
export class AnomalyBacklog {
  readonly #parts: AnomalyBacklogParts;
  readonly #nowMs: () => number;
  #joinedMs = -Infinity;
  /** Time at which more joined at once than would have been written out with their batch. */
  #incidentMs = -Infinity;
  #isWaiting = false;
  readonly #work = new WorkSignal();

  constructor(parts: AnomalyBacklogParts) {
    this.#parts = parts;
    this.#nowMs = parts.nowMs ?? (() => performance.now());
  }

  /** True while anomalies are known to wait, so that those that follow will wait behind them. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Notes that so many anomalies of one batch have joined. */
  joined(anomalies: number): void {
    this.#joinedMs = this.#nowMs();
    // A few only wait behind the others. To take them for an incident would let it never end.
    if (anomalies > WRITTEN_AT_ONCE) this.#incidentMs = this.#joinedMs;
    this.#isWaiting = true;
    this.#work.give();
  }

  /** Writes out until the signal. What waits then is written out by the next run. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startMs = this.#nowMs();
      try {
        const piece = await this.#parts.writeOut();
        if (piece !== null) {
          this.#parts.onWritten(piece);
          const pauseMs = (this.#nowMs() - startMs) * (1 / this.#shareFor(piece) - 1);
          await pause(Math.min(this.#parts.longestPauseMs ?? LONGEST_PAUSE_MS, pauseMs), signal);
        } else if (this.#joinedMs < startMs) {
          this.#isWaiting = false;
          await this.#work.wait(IDLE_MS, signal);
          if (this.#joinedMs >= startMs) await pause(this.#parts.headStartMs ?? HEAD_START_MS, signal);
        }
      } catch (err) {
        this.#parts.logger.warn(
          { err, waitMs: FAILED_MS },
          'anomalies wait: they cannot be written out; `flowline backlog ls` lists them, `set-aside` lets the others pass',
        );
        await pause(FAILED_MS, signal);
      }
    }
  }

  #shareFor({ waitedMs }: WrittenPiece): number {
    if (this.#nowMs() - this.#incidentMs > INCIDENT_MS) return 1;
    return waitedMs > OVERDUE_MS ? OVERDUE_SHARE : INCIDENT_SHARE;
  }
}
