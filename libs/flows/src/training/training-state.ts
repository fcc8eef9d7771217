import { missing } from '../at.ts';
import type { AdamState } from './adam.ts';
import { Adam } from './adam.ts';
import type { FitReport } from './options.ts';

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

/**
 * State of training after a step. Together with the states of the generators, it is enough to
 * continue.
 */
export interface TrainingSnapshot {
  readonly counters: Counters;
  readonly recentSum: number;
  readonly bestNll: number;
  readonly weights: Float32Array;
  /** Moving average of the weights; without averaging, the weights themselves. */
  readonly averaged: Float32Array;
  readonly bestWeights: Float32Array;
  readonly adam: AdamState;
  readonly curves: FitReport['curves'];
}

/**
 * Weights in training, their optimizer and the record of progress. `weights` is the caller's
 * vector, which each step updates in place.
 */
export class TrainingState {
  readonly weights: Float32Array;
  /**
   * Moving average of the weights, which validation evaluates; without averaging, the weights
   * themselves.
   */
  readonly averaged: Float32Array;
  readonly adam: Adam;
  readonly #averaging: number;
  #counters: Counters;
  #recentSum: number;
  #bestNll: number;
  #bestWeights: Float32Array;
  readonly #curves: FitReport['curves'][number][];

  /** Starts anew, or from the snapshot of a checkpoint, whose values are copied into `weights`. */
  constructor(weights: Float32Array, averaging: number, at?: TrainingSnapshot) {
    if (at !== undefined) weights.set(at.weights);
    this.weights = weights;
    this.#averaging = averaging;
    this.averaged = averaging === 0 ? weights : (at?.averaged ?? weights).slice();
    this.adam = new Adam(weights.length, at?.adam);
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
    this.#bestWeights = at?.bestWeights ?? weights.slice();
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

  /** Counts a step, either taken or skipped because its gradient was not finite. */
  countStep(nll: number, isTaken: boolean, rows: { readonly drawn: number; readonly kept: number }): void {
    const before = this.#counters;
    const counts = Number.isFinite(nll);
    if (counts) this.#recentSum += nll;
    if (isTaken && this.#averaging > 0) this.#average(before.step);
    this.#counters = {
      ...before,
      step: before.step + 1,
      skippedSteps: before.skippedSteps + (isTaken ? 0 : 1),
      drawnRows: before.drawnRows + rows.drawn,
      keptRows: before.keptRows + rows.kept,
      recentCount: before.recentCount + (counts ? 1 : 0),
    };
  }

  /**
   * Records a validation and keeps the weights if it is the best. Resets the running training loss.
   */
  recordValidation(validationNll: number): void {
    const { step } = this.#counters;
    this.#curves.push({ step, trainNll: this.trainNll, validationNll });
    const isBest = validationNll < this.#bestNll - LEAST_IMPROVEMENT_NATS;
    if (isBest) {
      this.#bestNll = validationNll;
      this.#bestWeights = this.averaged.slice();
    }
    this.#counters = {
      ...this.#counters,
      ...(isBest ? { sinceBest: 0, bestStep: step } : { sinceBest: this.#counters.sinceBest + 1 }),
      recentCount: 0,
    };
    this.#recentSum = 0;
  }

  #average(step: number): void {
    const { weights, averaged } = this;
    const share = 1 - Math.min(this.#averaging, (1 + step) / (10 + step));
    for (let i = 0; i < weights.length; i++) {
      const mean = averaged[i] ?? missing(averaged, i);
      averaged[i] = mean + share * ((weights[i] ?? missing(weights, i)) - mean);
    }
  }

  snapshot(): TrainingSnapshot {
    return {
      counters: this.#counters,
      recentSum: this.#recentSum,
      bestNll: this.#bestNll,
      weights: this.weights,
      averaged: this.averaged,
      bestWeights: this.#bestWeights,
      adam: this.adam,
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
