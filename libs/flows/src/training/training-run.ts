import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import { Random } from '../random.ts';
import { BatchFeed } from './batch-feed.ts';
import type { PreparedData } from './fit-data.ts';
import { isLookup } from './fit-data.ts';
import { FlatParameters } from './flat-parameters.ts';
import type { FitReport, ResolvedFitOptions } from './options.ts';
import { Perturbation, perturbedValidation } from './perturbation.ts';
import { meanNll, winsorisedNll } from './robust.ts';
import type { RowSource } from './row-source.ts';
import { LookedUpRows, MemoryRows } from './row-source.ts';
import { learningRateAt } from './schedule.ts';
import { StreamedRows } from './streamed-rows.ts';
import { batchArrays, disposeBatch, tensorsOf } from './tensor-batch.ts';
import type { StepResult, TrainingBackend, TrainingSession } from './training-backend.ts';
import type { CheckpointContent, TrainingIdentity } from './training-checkpoint.ts';
import { encodeCheckpoint, identityOf } from './training-checkpoint.ts';
import { TrainingRecord } from './training-record.ts';

/** Rows of the first batch for data-dependent initialisation. */
const INITIALIZATION_ROWS = 2048;
const PROGRESS_STEPS = 50;

/** Parts of a {@link TrainingRun}. */
export interface TrainingRunParts {
  readonly backend: TrainingBackend;
  readonly flow: Flow;
  readonly data: PreparedData;
  readonly options: ResolvedFitOptions;
  readonly resumed: CheckpointContent | undefined;
}

/**
 * One training run: initialise or resume → steps by a backend, with periodic validations and
 * checkpoints → restore the best weights.
 */
export class TrainingRun {
  readonly #parts: TrainingRunParts;
  readonly #flowAtStart: string;
  /** Generator from which those of the order of streams and of validation noise are forked. */
  readonly #seeded: Random;
  readonly #random: Random;
  readonly #feed: BatchFeed;
  /** Computed at the first checkpoint, because it reads all rows in memory. */
  #identity: TrainingIdentity | undefined;

  constructor(parts: TrainingRunParts) {
    const { flow, options, resumed } = parts;
    this.#parts = parts;
    this.#flowAtStart = resumed?.flowAtStart ?? JSON.stringify(flow.config);
    this.#seeded = new Random(options.seed);
    this.#random = resumed === undefined ? this.#seeded.fork('batches') : Random.from(resumed.random);
    const { batchSize, signal } = options;
    this.#feed = new BatchFeed({ source: this.#source(), random: this.#random, flow, batchSize, signal });
  }

  async run(): Promise<FitReport> {
    const { backend, flow, data, options, resumed } = this.#parts;
    if (!(await this.#initialize())) throw this.#cancelled(0);
    const session = await backend.open({
      flow,
      options,
      validation: perturbedValidation(data.validation, flow, options, this.#seeded.fork('validation')),
      random: this.#random,
      resume: resumed?.optimizer,
    });
    const parameters = new FlatParameters(flow.variables);
    const record = new TrainingRecord(parameters.values, resumed?.record);
    try {
      await this.#train(session, record, parameters);
    } finally {
      await session.dispose();
    }
    parameters.push(record.bestWeights);
    if (record.counters.bestStep === 0) {
      throw new FlowError('FLOWLINE_TRAINING_FAILED', `no validation was finite in ${record.counters.step} steps`, {
        where: 'fit',
        remedy: 'Scale the data, lower the learning rate, or bound the scales.',
      });
    }
    return record.report(options.steps);
  }

  dispose(): Promise<void> {
    return this.#feed.close();
  }

  #source(): RowSource {
    const { flow, data, options, resumed } = this.#parts;
    const { train } = data;
    if (typeof train !== 'function') {
      return isLookup(train) ? new LookedUpRows(train, this.#random) : new MemoryRows(train, this.#random);
    }
    return new StreamedRows({
      open: train,
      flow,
      capacity: options.shuffleRows,
      random: this.#seeded.fork('order'),
      signal: options.signal,
      start: resumed?.position ?? { epoch: 0, taken: 0 },
    });
  }

  /** Runs the data-dependent initialisation. Returns false if training was cancelled before it. */
  async #initialize(): Promise<boolean> {
    const { flow, options, resumed } = this.#parts;
    if (flow.bijector.initialize === undefined) return true;
    if (resumed !== undefined) {
      // Any row works: the checkpoint replaces the values computed here, and the flow is marked as
      // initialised.
      const { features, context } = flow;
      tf.tidy(() => flow.initialize(tf.zeros([1, features]), context === 0 ? undefined : tf.zeros([1, context])));
      return true;
    }
    const rows = batchArrays(flow, INITIALIZATION_ROWS);
    if (!(await this.#feed.take(INITIALIZATION_ROWS, rows))) return false;
    new Perturbation(flow, options, this.#random).apply(rows);
    await tf.nextFrame();
    // Also drawn for a flow that has nothing to set: the batches after it stay the same.
    const batch = tensorsOf(flow, rows);
    flow.initialize(batch.x, batch.context);
    disposeBatch(batch);
    return true;
  }

  /** Trains until the last step or until validation no longer improves. */
  async #train(session: TrainingSession, record: TrainingRecord, parameters: FlatParameters): Promise<void> {
    const { options } = this.#parts;
    const { steps, patience, validateEvery, checkpointEvery, onProgress } = options;
    while (record.counters.step < steps && record.counters.sinceBest < patience) {
      const last = await this.#advance(session, record);
      if (last === undefined) {
        parameters.push(record.bestWeights);
        await this.#handOut(session, record);
        throw this.#cancelled(record.counters.step);
      }
      const { step, skippedSteps } = record.counters;
      const { trainNll } = record;
      const validates = step % validateEvery === 0 || step === steps;
      const validationNll = validates ? await this.#validate(session, record) : null;
      if (validates || step % PROGRESS_STEPS === 0) {
        const learningRate = learningRateAt(step - 1, options);
        const { gradientNorm } = last;
        onProgress?.({ step, steps, trainNll, validationNll, learningRate, gradientNorm, skippedSteps });
      }
      if (step % checkpointEvery === 0) await this.#handOut(session, record);
    }
  }

  /**
   * Takes the steps up to the next validation, progress report or checkpoint. Resolves to the
   * result of the last one, or undefined if training was cancelled.
   */
  async #advance(session: TrainingSession, record: TrainingRecord): Promise<StepResult | undefined> {
    const { backend, options } = this.#parts;
    const first = record.counters.step;
    const count = this.#pauseAfter(first) - first;
    const results = await session.steps(first, count, this.#feed.batches(first, count));
    for (const result of results) record.countStep(result, options.batchSize);
    if (results.length === count) return at(results, count - 1);
    if (results.length < count && options.signal?.aborted === true) return undefined;
    const found = `the training backend ${backend.name} took ${results.length} steps, expected ${count}`;
    throw new FlowError('FLOWLINE_TRAINING_FAILED', found, {
      where: 'fit',
      remedy: 'Train with fit, and report the error to the author of the backend.',
    });
  }

  /** Number of steps after which the loop next has something to do. */
  #pauseAfter(step: number): number {
    const { steps, validateEvery, checkpointEvery, onCheckpoint } = this.#parts.options;
    const periods = [validateEvery, PROGRESS_STEPS, ...(onCheckpoint === undefined ? [] : [checkpointEvery])];
    return Math.min(steps, ...periods.map((period) => step + period - (step % period)));
  }

  /** Validates the averaged weights and keeps them if they are the best. Returns their NLL. */
  async #validate(session: TrainingSession, record: TrainingRecord): Promise<number> {
    const logP = await session.validationLogProb();
    const nll = this.#parts.options.robust ? winsorisedNll(logP) : meanNll(logP);
    record.recordValidation(nll, record.isBest(nll) ? (await session.state()).averaged : undefined);
    return nll;
  }

  async #handOut(session: TrainingSession, record: TrainingRecord): Promise<void> {
    const { flow, data, options } = this.#parts;
    if (options.onCheckpoint === undefined) return;
    this.#identity ??= identityOf(data, options);
    const { step } = record.counters;
    const bytes = encodeCheckpoint({
      identity: this.#identity,
      flowAtStart: this.#flowAtStart,
      flow: JSON.stringify(flow.config),
      record: record.snapshot(),
      optimizer: await session.state(),
      ...this.#feed.positionAt(step),
    });
    await options.onCheckpoint({ step, bytes });
  }

  #cancelled(step: number): FlowError {
    const { steps, signal } = this.#parts.options;
    return new FlowError('FLOWLINE_ABORTED', `training was cancelled after ${step} of ${steps} steps`, {
      where: 'fit',
      cause: signal?.reason,
    });
  }
}
