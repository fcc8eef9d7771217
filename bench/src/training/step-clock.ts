import type { FitProgress } from '@flowline/flows';

/** Steps between two reports, at most. */
const MOST_BETWEEN = 50;

/**
 * Clock of the steps of a training, by its progress reports: an engine may take rows ahead of its
 * steps, but it reports a step once it is done. The steps up to the first report warm up.
 */
export class StepClock {
  /** Steps between two reports, for `validateEvery`. */
  readonly period: number;
  /** Steps of the training. */
  readonly steps: number;
  readonly #now: () => number;
  #first: { readonly step: number; readonly ms: number } | undefined;
  #last: { readonly step: number; readonly ms: number } | undefined;

  /** Measures at least that many steps. */
  constructor(steps: number, now: () => number = () => performance.now()) {
    this.period = Math.min(MOST_BETWEEN, steps);
    this.steps = this.period * (1 + Math.ceil(steps / this.period));
    this.#now = now;
  }

  readonly onProgress = ({ step }: Pick<FitProgress, 'step'>): void => {
    this.#last = { step, ms: this.#now() };
    this.#first ??= this.#last;
  };

  /** Milliseconds per step. NaN before two reports. */
  get msPerStep(): number {
    if (this.#first === undefined || this.#last === undefined) return NaN;
    return (this.#last.ms - this.#first.ms) / (this.#last.step - this.#first.step);
  }
}
