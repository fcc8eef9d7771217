import { availableParallelism } from 'node:os';

import { type Availability, backendTable, compiledTraining, whyNotTrained } from '@flowline/engine';
import { FlowlineError, type ScoringBackend, type TrainingChoice } from '@flowline/events';
import { fit, type FitData, type FitOptions, type FitReport, fitWith, type Flow } from '@flowline/flows';

import { warmUpTraining } from './warm-up.ts';

/** Code that trained a model, its device, and the reason for it. */
export interface TrainingCompute {
  readonly backend: 'engine' | 'tensorflow' | 'tfjs-wasm' | 'tfjs-cpu';
  /** Device in words. */
  readonly device: string;
  /** Reason, in a few words. */
  readonly why: string;
  /** Reason, in one sentence for a log. */
  readonly reason: string;
}

/** Code that trains flows, ready to use. */
export interface Trainer {
  readonly compute: TrainingCompute;
  /** Number of threads that trainings may share; 1 if they take turns on the calling thread. */
  readonly threads: number;
  /** Trains a flow on a number of threads, which does not change its weights. */
  readonly fit: (flow: Flow, data: FitData, options: FitOptions, threads: number) => Promise<FitReport>;
}

/** Wishes of a training regarding the code that does it. */
export interface TrainingWishes {
  /** Choice of the detector (default `auto`). */
  readonly training?: TrainingChoice;
  /** Number of threads for all members together (default: as many as the process may use). */
  readonly threads?: number | null;
  /** Tensor backend of this process: `auto` trains on it as a last resort. */
  readonly tensors: ScoringBackend;
}

/**
 * Chooses the code that trains flows like this one: by name, or under `auto` compiled code where
 * there is any for the flow, else TensorFlow if it is installed, else the tensor library, with the
 * reasons against those before it. Flows must be made afterwards: a tensor backend that is chosen
 * is current then.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE if the one that is named cannot run, or cannot
 * train the flow.
 */
export async function chooseTrainer(
  flow: Flow,
  { training = 'auto', threads, tensors }: TrainingWishes,
): Promise<Trainer> {
  const named = training !== 'auto';
  if (training === 'tensorflow') return tensorTrainer('tensorflow', 'it was requested by name');
  if (training === 'wasm') return tensorTrainer('tfjs-wasm', 'it was requested by name');
  const problem = whyNotTrained(flow);
  if (problem === null) {
    return compiledTrainer(threads ?? availableParallelism(), named ? 'it was requested by name' : COMPILED);
  }
  if (named) throw refused(`compiled code cannot train the ${flow.family} flow: ${problem}`, REMEDY);
  const uncompiled = `compiled code cannot train the ${flow.family} flow: ${problem}`;
  const tensorflow = await availability('tensorflow', 1);
  if (tensorflow.available) return tensorTrainer('tensorflow', uncompiled);
  return tensorTrainer(
    tensors === 'tfjs-cpu' ? 'tfjs-cpu' : 'tfjs-wasm',
    `${uncompiled}; tensorflow: ${tensorflow.why}`,
  );
}

const COMPILED = 'it has compiled steps for the flow';
const REMEDY =
  'Set compute.training: auto, which trains on the tensor library where compiled code cannot, or name tensorflow or wasm.';

async function compiledTrainer(threads: number, why: string): Promise<Trainer> {
  const device = await deviceOf('wasm-pool', threads);
  return {
    compute: described('engine', device, why),
    threads,
    fit: (flow, data, options, own) => fitWith(compiledTraining({ threads: own }), flow, data, options),
  };
}

async function tensorTrainer(backend: 'tensorflow' | 'tfjs-wasm' | 'tfjs-cpu', why: string): Promise<Trainer> {
  const device = await deviceOf(backend, 1);
  await warmUpTraining();
  return {
    compute: described(backend, device, why),
    threads: 1,
    fit: (flow, data, options) => fit(flow, data, options),
  };
}

const described = (backend: TrainingCompute['backend'], device: string, why: string): TrainingCompute => ({
  ...{ backend, device, why, reason: `${backend} (${device}): ${why}` },
});

/** @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE if the backend cannot run here. */
async function deviceOf(backend: ScoringBackend, threads: number): Promise<string> {
  const found = await availability(backend, threads);
  if (found.available) return found.device;
  throw refused(
    `the training backend '${backend}' cannot run here: ${found.why}`,
    `${found.remedy} Or set compute.training: auto.`,
  );
}

/** Availability of a backend of the engine. A tensor backend that is available is current then. */
function availability(backend: ScoringBackend, threads: number): Promise<Availability> {
  const found = backendTable.find(({ name }) => name === backend);
  if (found === undefined) throw new RangeError(`the engine has no backend ${backend}`);
  return found.probe({ threads, offThread: true });
}

const refused = (message: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', message, { where: 'compute.training', remedy });
