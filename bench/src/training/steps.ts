import type { FitOptions, Parameter } from '@flowline/flows';

import type { ReferenceModel } from '../engine/reference-models.ts';
import { StepClock } from './step-clock.ts';
import type { Trainer } from './engines.ts';

/**
 * Steps that every engine takes before it is timed: its NLL after them must be the same, within a
 * tolerance far below what the steps change.
 */
export const CHECK = { rows: 256, steps: 5, learningRate: 1e-3, tolerance: 2e-3 } as const;

/** Steps of a window, at most. */
const MOST_STEPS = 1000;

/** Options that leave nothing but the step: plain Adam, and a single validation, at the end. */
const plainSteps = (steps: number): FitOptions => ({
  seed: 1,
  steps,
  learningRate: CHECK.learningRate,
  finalLearningRateFraction: 1,
  clipNorm: 1e9,
  validateEvery: steps,
});

/** NLL of the model on its first rows, after the steps of {@link CHECK} on them, in nats. */
export async function nllAfterCheckedSteps(train: Trainer, model: ReferenceModel): Promise<number> {
  const rows = { x: model.rows.subarray(0, CHECK.rows * model.width), size: CHECK.rows };
  const data = { train: new StepClock(rows, Infinity), validation: rows };
  const { bestValidationNll } = await train(model.flow, data, { ...plainSteps(CHECK.steps), batchSize: CHECK.rows });
  return bestValidationNll;
}

/** An engine's steps on one model, in windows of its own length per batch size. */
export class StepTimer {
  readonly #train: Trainer;
  readonly #model: ReferenceModel;
  readonly #weights: readonly (readonly [Parameter, Float32Array])[];
  /** Last measurement by batch size, which says how many steps fill a window. */
  readonly #known = new Map<number, number>();

  constructor(train: Trainer, model: ReferenceModel) {
    this.#train = train;
    this.#model = model;
    this.#weights = [...model.flow.variables.values()].map((parameter) => [parameter, parameter.read()]);
  }

  /**
   * Milliseconds per step over a window, in a training that begins anew. A window has a step at
   * least.
   */
  async msPerStep(batch: number, windowMs: number): Promise<number> {
    const { flow, rows, width } = this.#model;
    for (const [parameter, values] of this.#weights) parameter.assign(values);
    const known = this.#known.get(batch);
    const steps = known === undefined ? 1 : Math.min(MOST_STEPS, Math.max(1, Math.ceil(windowMs / known)));
    const clock = new StepClock({ x: rows.subarray(0, batch * width), size: batch }, steps);
    const validation = { x: rows.subarray(0, width), size: 1 };
    try {
      await this.#train(flow, { train: clock, validation }, { ...plainSteps(clock.stepsNeeded), batchSize: batch });
    } catch (error) {
      if (!clock.isDone) throw error;
    }
    if (!clock.isDone) throw new Error(`training ended before ${steps} steps of ${batch} rows were measured`);
    this.#known.set(batch, clock.msPerStep);
    return clock.msPerStep;
  }
}
