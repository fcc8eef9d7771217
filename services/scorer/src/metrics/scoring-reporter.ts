import { FlowlineError, messageOf } from '@flowline/events';
import { type Logger, pause } from '@flowline/telemetry';

import type { Champion } from '../champion/champion.ts';

/** The model that scores a detector, or the reason why none does. */
export interface ScoringReport {
  /** Version of the scoring model; null if there is none. */
  readonly modelVersion: number | null;
  /** Null without a model, and where the false discovery rate decides. */
  readonly alpha: number | null;
  /** Reason why alpha differs from the definition in force; null if it does not. */
  readonly alphaNote: string | null;
  /** Reason why the champion is not used; null if it is. */
  readonly fault: { readonly code: string; readonly reason: string; readonly remedy: string } | null;
}

/** Stores a report. Rejects while the database is unreachable. */
export type StoreReport = (report: ScoringReport) => Promise<void>;

const NO_MODEL: ScoringReport = { modelVersion: null, alpha: null, alphaNote: null, fault: null };
/** Reporting interval. Silence for three intervals means that no scorer runs. */
const EVERY_MS = 10_000;

/**
 * Reports which model scores a detector: at once when it changes, and again every ten seconds, so
 * that silence is informative, too.
 */
export class ScoringReporter {
  readonly #store: StoreReport;
  readonly #logger: Logger;
  #report: ScoringReport | null = null;
  #storing: Promise<void> = Promise.resolve();

  constructor(store: StoreReport, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** A model scores from now on. */
  scores({ modelVersion, alphaNote, fdr, detector }: Champion): void {
    this.#send({ ...NO_MODEL, modelVersion, alpha: fdr === null ? detector.alpha : null, alphaNote });
  }

  /** There is no champion yet. */
  waits(): void {
    this.#send({ ...NO_MODEL, fault: this.#report?.fault ?? null });
  }

  /** The champion cannot be used; the current model stays. */
  rejected(version: number, error: unknown): void {
    const reason = `model version ${version} cannot be used: ${messageOf(error)}`;
    const [code, remedy] =
      error instanceof FlowlineError ? [error.code, error.remedy] : ['FLOWLINE_MODEL_INCOMPATIBLE', undefined];
    const fault = { code, reason, remedy: remedy ?? 'Promote another version, or train again.' };
    this.#send({ ...(this.#report ?? NO_MODEL), fault });
  }

  /** Repeats the report until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(EVERY_MS, signal, { ref: false });
      if (signal.aborted) break;
      if (this.#report !== null) this.#send(this.#report);
      await this.#storing;
    }
    await this.#storing;
  }

  #send(report: ScoringReport): void {
    this.#report = report;
    this.#storing = this.#storing
      .then(() => this.#store(report))
      .catch((err: unknown) => {
        this.#logger.warn({ err }, 'the model in use could not be recorded; trying again');
      });
  }
}
