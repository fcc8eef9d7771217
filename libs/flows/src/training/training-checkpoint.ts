import { createHash } from 'node:crypto';

import * as tf from '@tensorflow/tfjs-core';

import { ConfigReader, unexpected } from '../config.ts';
import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import type { Rows } from '../rows.ts';
import type { SafeTensor } from '../safetensors.ts';
import type { FileKind } from '../sealed-file.ts';
import { openSealedFile, sealFile } from '../sealed-file.ts';
import type { FeedPosition } from './batch-feed.ts';
import { isLookup, type PreparedData } from './fit-data.ts';
import type { ResolvedFitOptions } from './options.ts';
import type { OptimizerState } from './training-backend.ts';
import type { Counters, RecordSnapshot } from './training-record.ts';

const KIND: FileKind = { format: 'flowline.training', version: 1, writtenBy: "fit's onCheckpoint" };

/**
 * Named inputs, besides the flow, that determine the result of a training run, each as JSON text.
 */
export type TrainingIdentity = Readonly<Record<string, string>>;

/** Content of a checkpoint. */
export interface CheckpointContent extends FeedPosition {
  readonly identity: TrainingIdentity;
  /**
   * Flow configuration as JSON, before training and now: data-dependent initialisation changes it.
   */
  readonly flowAtStart: string;
  readonly flow: string;
  readonly record: RecordSnapshot;
  readonly optimizer: OptimizerState;
}

/** Options that determine the result and are plain values. */
const DECIDING = [
  'seed',
  'steps',
  'batchSize',
  'learningRate',
  'weightDecay',
  'warmupSteps',
  'finalLearningRateFraction',
  'averaging',
  'clipNorm',
  'robust',
  'validateEvery',
  'patience',
] as const satisfies readonly (keyof ResolvedFitOptions)[];

/**
 * Identity of a training run: every option that changes its result, the backend, and fingerprints
 * of the rows in memory.
 */
export function identityOf({ train, validation }: PreparedData, options: ResolvedFitOptions): TrainingIdentity {
  const { noise, masking, shuffleRows } = options;
  const parts = [
    ...DECIDING.map((name) => [name, options[name]] as const),
    ['noise', { gaussian: [...(noise?.gaussian ?? [])], uniform: [...(noise?.uniform ?? [])] }],
    ['masking', masking ?? null],
    ['backend', tf.getBackend()],
    ['train', describedRows(train, shuffleRows)],
    ['validation', fingerprint(validation)],
  ] as const;
  return Object.fromEntries(parts.map(([name, value]) => [name, JSON.stringify(value)]));
}

function describedRows(train: PreparedData['train'], shuffleRows: number): string {
  if (typeof train === 'function') return `a stream, ${shuffleRows} rows held`;
  return isLookup(train) ? `${train.size} rows that are looked up` : fingerprint(train);
}

/** Encodes a checkpoint as a safetensors file. */
export function encodeCheckpoint(content: CheckpointContent): Uint8Array {
  const { record, optimizer, ...rest } = content;
  const { counters, bestWeights, curves, recentSum, bestNll } = record;
  const { weights, averaged, adam } = optimizer;
  const vector = (data: Float32Array): SafeTensor => ({ dtype: 'F32', shape: [data.length], data });
  const curve = Float64Array.from(
    curves.flatMap(({ step, trainNll, validationNll }) => [step, trainNll, validationNll]),
  );
  return sealFile(KIND, {
    config: JSON.stringify({ ...rest, counters, adamCount: adam.count }),
    tensors: new Map<string, SafeTensor>([
      ['weights', vector(weights)],
      ['averaged', vector(averaged)],
      ['bestWeights', vector(bestWeights)],
      ['adam/first', vector(adam.first)],
      ['adam/second', vector(adam.second)],
      // Float64 rather than JSON, which has neither infinity nor NaN.
      ['curves', { dtype: 'F64', shape: [curves.length, 3], data: curve }],
      ['recentSum', { dtype: 'F64', shape: [1], data: Float64Array.of(recentSum) }],
      ['bestNll', { dtype: 'F64', shape: [1], data: Float64Array.of(bestNll) }],
    ]),
  });
}

/**
 * Decodes a checkpoint. Throws FLOWLINE_MODEL_CORRUPTED for damaged bytes,
 * FLOWLINE_MODEL_INCOMPATIBLE for another kind of file.
 */
export function decodeCheckpoint(bytes: Uint8Array): CheckpointContent {
  const { config, tensors } = openSealedFile(KIND, bytes);
  const reader = new ConfigReader(JSON.parse(config), 'resume');
  const vector = (name: string): Float32Array => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float32Array)) throw unexpected(`resume.${name}`, tensors.get(name)?.dtype, 'F32 values');
    return data;
  };
  const doubles = (name: string): Float64Array => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float64Array)) throw unexpected(`resume.${name}`, tensors.get(name)?.dtype, 'F64 values');
    return data;
  };
  const double = (name: string): number => {
    const [value, ...more] = doubles(name);
    if (value === undefined || more.length > 0) throw unexpected(`resume.${name}`, [value, ...more], 'one F64 value');
    return value;
  };
  const curves = doubles('curves');
  const counters = reader.object('counters');
  const [position, random] = [reader.object('position'), reader.object('random')];
  const [a = 0, b = 0, c = 0, d = 0] = random.integers('words', -(2 ** 31));
  return {
    identity: readIdentity(reader.field('identity')),
    flowAtStart: reader.string('flowAtStart'),
    flow: reader.string('flow'),
    position: { epoch: position.integer('epoch'), taken: position.integer('taken') },
    random: { words: [a, b, c, d], origin: random.number('origin'), spare: random.numberOrNull('spare') },
    optimizer: {
      weights: vector('weights'),
      averaged: vector('averaged'),
      adam: { first: vector('adam/first'), second: vector('adam/second'), count: reader.integer('adamCount') },
    },
    record: {
      counters: readCounters(counters),
      bestWeights: vector('bestWeights'),
      curves: Array.from({ length: curves.length / 3 }, (_, i) => {
        const [step = 0, trainNll = 0, validationNll = 0] = curves.slice(3 * i, 3 * i + 3);
        return { step, trainNll, validationNll };
      }),
      recentSum: double('recentSum'),
      bestNll: double('bestNll'),
    },
  };
}

/**
 * Throws FLOWLINE_MODEL_INCOMPATIBLE unless the checkpoint belongs to this flow and to a training
 * run with this identity.
 */
export function assertResumable(checkpoint: CheckpointContent, flow: Flow, identity: TrainingIdentity): void {
  const config = JSON.stringify(flow.config);
  if (config !== checkpoint.flowAtStart && config !== checkpoint.flow) {
    throw mismatch(
      'flow',
      described(checkpoint.flow, checkpoint.optimizer.weights.length),
      described(config, flow.parameterCount),
    );
  }
  for (const name of new Set([...Object.keys(identity), ...Object.keys(checkpoint.identity)])) {
    const [found, expected] = [checkpoint.identity[name] ?? 'nothing', identity[name] ?? 'nothing'];
    if (found !== expected) throw mismatch(name, found, expected);
  }
}

/**
 * Description of a flow from its configuration: family, shape, and a digest that distinguishes
 * flows that differ elsewhere.
 */
function described(config: string, parameters: number): string {
  const reader = new ConfigReader(JSON.parse(config), 'resume.flow');
  const [family, features, context] = [reader.string('family'), reader.integer('features'), reader.integer('context')];
  const digest = createHash('sha256').update(config).digest('hex').slice(0, 8);
  return `${family} with ${features} features, ${context} context columns, ${parameters} parameters (configuration ${digest})`;
}

function readIdentity(value: unknown): TrainingIdentity {
  const reader = new ConfigReader(value, 'resume.identity');
  return Object.fromEntries(reader.keys.map((name) => [name, reader.string(name)]));
}

function readCounters(reader: ConfigReader): Counters {
  return {
    step: reader.integer('step'),
    skippedSteps: reader.integer('skippedSteps'),
    sinceBest: reader.integer('sinceBest'),
    bestStep: reader.integer('bestStep'),
    drawnRows: reader.integer('drawnRows'),
    keptRows: reader.integer('keptRows'),
    recentCount: reader.integer('recentCount'),
  };
}

function fingerprint({ x, context, size }: Rows): string {
  const hash = createHash('sha256').update(String(size));
  for (const values of [x, context ?? new Float32Array()]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return `${size} rows, sha256 ${hash.digest('hex')}`;
}

function mismatch(name: string, found: string, expected: string): FlowError {
  return new FlowError(
    'FLOWLINE_MODEL_INCOMPATIBLE',
    `found a checkpoint with ${name} ${found}, expected ${expected}`,
    {
      where: `resume.${name}`,
      remedy: 'Resume with the flow, data, options and backend that the training began with, or train again.',
    },
  );
}
