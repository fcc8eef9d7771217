import type { CommittedEvents } from '../steps/commit.ts';

/** Totals of a run, reported at the end of a finite source. */
export interface RunTotals {
  readonly detector: string;
  /** Records read, whatever their outcome. */
  readonly events: number;
  /** Events stored with a score. */
  readonly scored: number;
  /** Records that an earlier run had stored; the fence dropped them. */
  readonly alreadyStored: number;
  readonly deadLetters: number;
  /** Records stored as duplicates: an earlier event had their id. */
  readonly duplicates: number;
  readonly anomalies: number;
  /** Time from the opening of the source to the last commit. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** The backend that scored first, such as `wasm`. */
  readonly backend: string;
}

/** Adds up the results of the batches of one run. */
export class RunCounter {
  readonly #detector: string;
  #backend = '';
  #events = 0;
  #scored = 0;
  #alreadyStored = 0;
  #deadLetters = 0;
  #duplicates = 0;
  #anomalies = 0;
  #firstMs: number | undefined;
  #lastMs = 0;

  constructor(detector: string) {
    this.#detector = detector;
  }

  /** Starts the clock when the source is opened. */
  start(backend: string): void {
    this.#backend = backend;
    this.#firstMs = performance.now();
    this.#lastMs = this.#firstMs;
  }

  add({ source, report }: Pick<CommittedEvents, 'source' | 'report'>): void {
    this.#lastMs = performance.now();
    this.#events += source.records.length;
    this.#scored += report.stored;
    this.#alreadyStored += report.alreadyStored;
    this.#deadLetters += report.deadLetters;
    this.#duplicates += report.duplicates ?? 0;
    this.#anomalies += report.anomalies;
  }

  totals(): RunTotals {
    const seconds = this.#firstMs === undefined ? 0 : (this.#lastMs - this.#firstMs) / 1000;
    return {
      detector: this.#detector,
      events: this.#events,
      scored: this.#scored,
      alreadyStored: this.#alreadyStored,
      deadLetters: this.#deadLetters,
      duplicates: this.#duplicates,
      anomalies: this.#anomalies,
      seconds,
      eventsPerSecond: seconds > 0 ? this.#events / seconds : 0,
      backend: this.#backend,
    };
  }
}
