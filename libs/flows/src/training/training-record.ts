import type { FitReport } from './options.ts';
import type { StepResult } from './training-backend.ts';

/**
 * Improvements smaller than this, in nats, do not count; they would postpone early stopping
 * forever.
 */
const LEAST_IMPROVEMENT_NATS = 1e-4;

/** Counters and sums that training updates at every step. */
export interface Counters {
  readonly step: number;
  readonly skippedSteps: number;
  /** Number of validations since the best one. */
  readonly sinceBest: number;
  readonly bestStep: number;
  /** Rows in all batches, and the number of them with weight in the loss. */
  readonly drawnRows: number;
  readonly keptRows: number;
  /** Number of finite training losses since the last validation. */
  readonly recentCount: number;
}

/** Progress of a training run after a step, whichever backend takes its steps. */
export interface RecordSnapshot {
  readonly counters: Counters;
  readonly recentSum: number;
  readonly bestNll: number;
  readonly bestWeights: Float32Array;
  readonly curves: FitReport['curves'];
}

/** Record of a training run: counters, curves and the best weights. */
export class TrainingRecord {
  #counters: Counters;
  #recentSum: number;
  #bestNll: number;
  #bestWeights: Float32Array;
  readonly #curves: FitReport['curves'][number][];

  /** Starts anew from the initial weights, or from a checkpoint. */
  constructor(initialWeights: Float32Array, at?: RecordSnapshot) {
    this.#counters = at?.counters ?? {
      step: 0,
      skippedSteps: 0,
      sinceBest: 0,
      bestStep: 0,
      drawnRows: 0,
      keptRows: 0,
      recentCount: 0,
    };
    this.#recentSum = at?.recentSum ?? 0;
    this.#bestNll = at?.bestNll ?? Infinity;
    this.#bestWeights = at?.bestWeights ?? initialWeights;
    this.#curves = [...(at?.curves ?? [])];
  }

  get counters(): Counters {
    return this.#counters;
  }

  /** Mean training loss since the last validation. NaN if there is none. */
  get trainNll(): number {
    return this.#recentSum / this.#counters.recentCount;
  }

  /** Weights of the best validation, or the initial ones. */
  get bestWeights(): Float32Array {
    return this.#bestWeights;
  }

  /** Counts a step on `drawn` rows, either taken or skipped. */
  countStep({ nll, isTaken, kept }: StepResult, drawn: number): void {
    const before = this.#counters;
    const counts = Number.isFinite(nll);
    if (counts) this.#recentSum += nll;
    this.#counters = {
      ...before,
      step: before.step + 1,
      skippedSteps: before.skippedSteps + (isTaken ? 0 : 1),
      drawnRows: before.drawnRows + drawn,
      keptRows: before.keptRows + kept,
      recentCount: before.recentCount + (counts ? 1 : 0),
    };
  }

  /** True if a validation is better than all before it, by more than rounding. */
  isBest(validationNll: number): boolean {
    return validationNll < this.#bestNll - LEAST_IMPROVEMENT_NATS;
  }

  /**
   * Records a validation, with the weights if it {@link isBest}. Resets the running training loss.
   */
  recordValidation(validationNll: number, best: Float32Array | undefined): void {
    const { step } = this.#counters;
    this.#curves.push({ step, trainNll: this.trainNll, validationNll });
    if (best !== undefined) {
      this.#bestNll = validationNll;
      this.#bestWeights = best;
    }
    this.#counters = {
      ...this.#counters,
      ...(best === undefined ? { sinceBest: this.#counters.sinceBest + 1 } : { sinceBest: 0, bestStep: step }),
      recentCount: 0,
    };
    this.#recentSum = 0;
  }

  snapshot(): RecordSnapshot {
    return {
      counters: this.#counters,
      recentSum: this.#recentSum,
      bestNll: this.#bestNll,
      bestWeights: this.#bestWeights,
      curves: this.#curves,
    };
  }

  report(steps: number): FitReport {
    const { step, bestStep, skippedSteps, drawnRows, keptRows } = this.#counters;
    return {
      steps: step,
      bestStep,
      bestValidationNll: this.#bestNll,
      skippedSteps,
      stoppedEarly: step < steps,
      curves: this.#curves,
      trimmedShare: drawnRows === 0 ? 0 : 1 - keptRows / drawnRows,
    };
  }
}
