import { availableParallelism } from 'node:os';

import { at, FlowlineError, missing } from '@flowline/events';
import { fitWith } from '@flowline/flows';
import type {
  BatchTarget,
  FitData,
  FitOptions,
  FitReport,
  Flow,
  NextBatch,
  OptimizerState,
  StepResult,
  TrainingBackend,
  TrainingSession,
  TrainingTask,
} from '@flowline/flows';

import { TrainingShape } from './training-shape.ts';
import { trainingLowering } from '../lower/training-plan.ts';
import { whyNotLowered } from '../lower/flow.ts';
import { inSlices } from '../slices.ts';
import { trainingEmission } from '../targets/wasm/training/emit-training.ts';
import type { TrainingCode } from '../targets/wasm/training/emit-training.ts';
import { TrainingCrew } from '../targets/wasm/runtime/training-crew.ts';
import { wasmTarget } from '../targets/wasm/runtime/wasm-target.ts';
import { webAssembly } from '../targets/wasm/runtime/web-assembly.ts';
import type { SharedWasmMemory, WasmModule } from '../targets/wasm/runtime/web-assembly.ts';

/** Threads of a compiled training. */
export interface CompiledTrainingOptions {
  /**
   * Number of threads (default: what the process may use). The calling thread is none of them. It
   * does not change the weights.
   */
  readonly threads?: number;
}

/** Reason in words why a flow has no compiled training. Null if it has one. */
export const whyNotTrained = (flow: Flow): string | null =>
  whyNotLowered(flow) ?? (wasmTarget().simd ? null : 'this JavaScript engine has no WebAssembly SIMD');

/**
 * Training compiled to WebAssembly: forward and backward pass, clipping, AdamW and averaging in one
 * module, on threads that share its memory. The same seed and data give the same weights, bit for
 * bit, for any number of threads. To open a session rejects with FLOWLINE_BACKEND_UNAVAILABLE if
 * the flow has no compiled form ({@link whyNotTrained}) or the threads do not start.
 */
export const compiledTraining = ({
  threads = availableParallelism(),
}: CompiledTrainingOptions = {}): TrainingBackend => ({
  name: 'engine',
  open: async (task) => {
    const reason = whyNotTrained(task.flow);
    if (reason !== null) {
      throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', reason, {
        where: 'compiled training',
        remedy: 'Train this family with fit of @flowline/flows.',
      });
    }
    if (!(Number.isInteger(threads) && threads >= 1)) {
      throw new FlowlineError('FLOWLINE_USAGE', `found ${threads}, expected a whole number of at least 1`, {
        where: 'fitCompiled.threads',
      });
    }
    return CompiledSession.open(task, threads);
  },
});

/**
 * Trains a flow as `fit` of @flowline/flows does, compiled. Rejects with the errors of `fit`, and
 * with FLOWLINE_BACKEND_UNAVAILABLE if the flow has no compiled form.
 */
export const fitCompiled = (
  flow: Flow,
  data: FitData,
  { threads, ...options }: FitOptions & CompiledTrainingOptions,
): Promise<FitReport> => fitWith(compiledTraining(threads === undefined ? {} : { threads }), flow, data, options);

/** Steps that one job of the threads takes at most. */
const JOB_STEPS = 256;

/** Session of one training: a module, its memory, and the threads that run it. */
class CompiledSession implements TrainingSession {
  readonly #task: TrainingTask;
  readonly #code: TrainingCode;
  readonly #shape: TrainingShape;
  readonly #memory: SharedWasmMemory;
  readonly #crew: TrainingCrew;
  /** Weights that the training begins with; masked ones, which have no place, keep them. */
  readonly #initial: Float32Array;

  static async open(task: TrainingTask, threads: number): Promise<CompiledSession> {
    const plan = await inSlices(trainingLowering(task.flow));
    const shape = new TrainingShape(task, threads);
    const code = await inSlices(trainingEmission(plan, { fused: wasmTarget().fused, ...shape.emission }));
    const memory = memoryOf(code);
    const module = await compiled(code);
    const crew = await TrainingCrew.start(
      {
        ...shape.crew,
        memory,
        module,
        at: code.memory,
        parameters: code.sources.length,
        tileBytes: code.tileBytes,
        keptTiles: code.keptTiles,
      },
      JOB_STEPS,
    );
    try {
      const session = new CompiledSession(task, { code, shape, memory, crew });
      session.#begin();
      return session;
    } catch (error) {
      await crew.dispose();
      throw error;
    }
  }

  private constructor(
    task: TrainingTask,
    parts: {
      readonly code: TrainingCode;
      readonly shape: TrainingShape;
      readonly memory: SharedWasmMemory;
      readonly crew: TrainingCrew;
    },
  ) {
    this.#task = task;
    this.#code = parts.code;
    this.#shape = parts.shape;
    this.#memory = parts.memory;
    this.#crew = parts.crew;
    this.#initial = task.resume?.weights ?? weightsOf(task.flow);
  }

  async steps(first: number, count: number, next: NextBatch): Promise<readonly StepResult[]> {
    const results: StepResult[] = [];
    while (results.length < count) {
      const size = Math.min(JOB_STEPS, count - results.length);
      const done = await this.#job(first + results.length, size, next);
      results.push(...done);
      if (done.length < size) break;
    }
    return results;
  }

  async validationLogProb(): Promise<Float32Array> {
    const { flow, validation } = this.#task;
    const { rows, logProb: address } = this.#code.memory;
    const logP = new Float32Array(validation.size);
    const target = this.#batch(0, rows);
    for (let start = 0; start < validation.size; start += rows) {
      const size = Math.min(rows, validation.size - start);
      target.x.set(validation.x.subarray(start * flow.features, (start + size) * flow.features));
      target.context.set((validation.context ?? NONE).subarray(start * flow.context, (start + size) * flow.context));
      await this.#crew.logProb(size, this.#task.options.averaging > 0);
      logP.set(this.#floats(address, size), start);
    }
    return logP;
  }

  state(): Promise<OptimizerState> {
    const { values, averaged, first, second } = this.#code.memory;
    const weights = this.#vector(values);
    return Promise.resolve({
      weights,
      averaged: this.#task.options.averaging > 0 ? this.#vector(averaged) : weights.slice(),
      adam: { first: this.#vector(first), second: this.#vector(second), count: this.#crew.adamSteps },
    });
  }

  dispose(): Promise<void> {
    return this.#crew.dispose();
  }

  /** Writes the state that the training begins with. */
  #begin(): void {
    const { resume } = this.#task;
    const { memory, sources, decay } = this.#code;
    const initial = this.#initial;
    const place = (address: number, values: Float32Array): void => {
      const vector = this.#floats(address, sources.length);
      sources.forEach((source, i) => (vector[i] = source < 0 ? 0 : at(values, source)));
    };
    place(memory.values, initial);
    place(memory.averaged, resume?.averaged ?? initial);
    if (resume !== undefined) {
      place(memory.first, resume.adam.first);
      place(memory.second, resume.adam.second);
      this.#crew.adamSteps = resume.adam.count;
    }
    this.#floats(memory.decay, decay.length).set(decay);
    place(memory.trained, new Float32Array(initial.length).fill(1));
    this.#floats(memory.weights, this.#task.options.batchSize).fill(1);
  }

  /** Takes steps while batches are put ahead of them. */
  async #job(first: number, count: number, next: NextBatch): Promise<readonly StepResult[]> {
    const { signal, batchSize } = this.#task.options;
    const { slots } = this.#shape;
    const crew = this.#crew;
    const cancel = (): void => crew.cancel();
    signal?.addEventListener('abort', cancel);
    crew.beginSteps(first, count);
    if (signal?.aborted === true) cancel();
    try {
      for (let put = 0; put < count; put++) {
        await crew.untilDone(put - slots + 1);
        if (signal?.aborted === true) break;
        if (!(await next(this.#batch(put % slots, batchSize)))) {
          cancel();
          break;
        }
        crew.put(put + 1);
      }
      await crew.untilIdle();
    } catch (error) {
      cancel();
      await crew.untilIdle().catch(() => undefined);
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
    return Array.from({ length: crew.done }, (_, step): StepResult => {
      const [nll = NaN, gradientNorm = NaN, kept = 0, isTaken = 0] = crew.result(step);
      return { nll, gradientNorm, kept, isTaken: isTaken === 1 };
    });
  }

  /** Places of the rows of a batch in the ring. */
  #batch(slot: number, rows: number): BatchTarget {
    const { batches, batchBytes, contextOffset } = this.#code.memory;
    const { features, context } = this.#task.flow;
    const start = batches + slot * batchBytes;
    return {
      x: this.#floats(start, rows * features),
      context: this.#floats(start + contextOffset, rows * context),
    };
  }

  /** Values of a vector in the order of the flow; what is in no place keeps its initial value. */
  #vector(address: number): Float32Array {
    const { sources } = this.#code;
    const vector = this.#floats(address, sources.length);
    const isWeights = address === this.#code.memory.values || address === this.#code.memory.averaged;
    const values = isWeights ? this.#initial.slice() : new Float32Array(this.#initial.length);
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i] ?? missing(sources, i);
      if (source >= 0) values[source] = vector[i] ?? missing(vector, i);
    }
    return values;
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }
}

const NONE = new Float32Array(0);

/** Weights of a flow, in the order of its variables. */
const weightsOf = ({ variables, parameterCount }: Flow): Float32Array => {
  const weights = new Float32Array(parameterCount);
  let start = 0;
  for (const parameter of variables.values()) {
    weights.set(parameter.read(), start);
    start += parameter.size;
  }
  return weights;
};

/** Pages that WebAssembly can address: 4 GiB. */
const MOST_PAGES = 65_536;

const memoryOf = ({ pages }: TrainingCode): SharedWasmMemory => {
  const problem = (cause?: unknown): FlowlineError =>
    new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', `the training needs ${Math.ceil(pages / 16)} MiB of memory`, {
      where: 'compiled training',
      remedy: 'Train with a smaller batchSize, on fewer threads, or with fit of @flowline/flows.',
      cause,
    });
  if (pages > MOST_PAGES) throw problem();
  try {
    return new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw problem(cause);
  }
};

/** Rejects with FLOWLINE_BACKEND_UNAVAILABLE if a step is beyond what this engine compiles. */
const compiled = async ({ bytes }: TrainingCode): Promise<WasmModule> => {
  try {
    return await webAssembly.compile(bytes);
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', 'the compiled training was rejected by this engine', {
      where: 'compiled training',
      remedy: 'Train this flow with fit of @flowline/flows.',
      cause,
    });
  }
};
