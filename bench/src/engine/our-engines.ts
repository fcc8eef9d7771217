import { backendTable, type ChosenScorer, createScorer, errorInTolerances } from '@flowline/engine';
import { at, FlowlineError, type ScoringBackend } from '@flowline/events';

import { type Clock, rateWithin } from './measure.ts';
import { CHECKED_ROWS, type ReferenceModel } from './reference-models.ts';
import type { Runner } from './runner.ts';

/** One of our engines: its backend, and the numbers of threads on which it is measured. */
interface OurEngine {
  readonly backend: ScoringBackend | 'auto';
  readonly threads: readonly number[];
}

/** Our engines, by their names in the results. */
export const ours: Readonly<Record<string, OurEngine>> = {
  'flowline-wasm': { backend: 'wasm', threads: [1] },
  'flowline-wasm-pool': { backend: 'wasm-pool', threads: [2] },
  onnxruntime: { backend: 'onnxruntime', threads: [1, 2] },
  auto: { backend: 'auto', threads: [1, 2] },
  reference: { backend: 'reference', threads: [1] },
  'tfjs-wasm': { backend: 'tfjs-wasm', threads: [1] },
  webgpu: { backend: 'webgpu', threads: [1] },
  tensorflow: { backend: 'tensorflow', threads: [1] },
};

/**
 * Creates one of our engines for a model. Returns the reason if it cannot run here; a software GPU
 * counts as unavailable.
 */
export async function ourRunner(
  engine: string,
  model: ReferenceModel,
  threads: number,
  clock: Clock,
): Promise<Runner | string> {
  const backend = ours[engine]?.backend;
  if (backend === undefined) return 'unknown';
  if (backend === 'auto') return autoRunner(engine, model, threads, clock);
  const entry = backendTable.find(({ name }) => name === backend);
  const availability = await entry?.probe({ threads, offThread: false });
  if (availability === undefined) return 'not in this build';
  if (!availability.available) return availability.why;
  if (availability.software) return `${availability.device} is software`;
  const scorer = await createScorer([model.flow], { backend, threads });
  check(engine, model, await scorer.score(model.rows, CHECKED_ROWS));
  const run = (batch: number) => scorer.score(model.rows, batch);
  return { engine, threads, rate: (batch, ms) => rateWithin(run, batch, ms, clock), dispose: () => scorer.dispose() };
}

/** Creates a runner of the backends that `auto` chooses, one per batch size. Prints the choices. */
function autoRunner(engine: string, model: ReferenceModel, threads: number, clock: Clock): Runner {
  const scorers = new Map<number, ChosenScorer>();
  const choose = async (batch: number): Promise<ChosenScorer> => {
    const scorer = await createScorer([model.flow], { backend: 'auto', threads, batchSize: batch });
    console.log(`${model.name}: ${engine} at batch ${batch} on ${threads} threads: ${scorer.name}`);
    check(engine, model, await scorer.score(model.rows, CHECKED_ROWS));
    return scorer;
  };
  return {
    engine,
    threads,
    rate: async (batch, ms) => {
      const scorer = scorers.get(batch) ?? (await choose(batch));
      scorers.set(batch, scorer);
      return rateWithin((rows) => scorer.score(model.rows, rows), batch, ms, clock);
    },
    dispose: () => {
      for (const scorer of scorers.values()) scorer.dispose();
    },
  };
}

/** The subset used of onnxruntime-node, an optional dependency. */
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{
      run(feeds: object): Promise<Readonly<Record<string, { readonly data: ArrayLike<number> } | undefined>>>;
      release(): Promise<void>;
    }>;
  };
}

/** Creates a runner of onnxruntime-node on the exported model. */
export async function onnxRunner(model: ReferenceModel, threads: number, clock: Clock): Promise<Runner | string> {
  const name = 'onnxruntime-node';
  let runtime: OnnxRuntime;
  try {
    runtime = (await import(name)) as OnnxRuntime;
  } catch {
    return 'the optional package onnxruntime-node is not installed';
  }
  const session = await runtime.InferenceSession.create(model.onnx, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const run = (batch: number) =>
    session.run({
      x: new runtime.Tensor('float32', model.rows.subarray(0, batch * model.width), [batch, model.width]),
    });
  const { logDensity } = await run(CHECKED_ROWS);
  check(name, model, logDensity?.data ?? []);
  return {
    engine: name,
    threads,
    rate: (batch, ms) => rateWithin(run, batch, ms, clock),
    dispose: () => session.release(),
  };
}

function check(engine: string, model: ReferenceModel, scores: ArrayLike<number>): void {
  model.exact.forEach((exact, i) => {
    if (errorInTolerances(at(scores, i), exact) <= 1) return;
    throw new FlowlineError('FLOWLINE_USAGE', `${engine} scores row ${i} ${scores[i]}, not ${exact}`, {
      where: `bench engine, ${model.name}`,
      remedy: 'Its figures would mean nothing: find out why first.',
    });
  });
}
