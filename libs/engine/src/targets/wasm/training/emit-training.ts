import { atOnce, type Steps } from '@flowline/events';

import { prepareBase } from './base.ts';
import { prepareContextual } from './contextual.ts';
import type { TrainingEmission } from './emission.ts';
import { placeTraining } from './memory.ts';
import type { TrainingMemory } from './memory.ts';
import { AdjointBlocks } from './network.ts';
import { BLOCK_FLOATS, defineReduce, defineUpdate } from './optimizer.ts';
import { PanelLayout } from './panel.ts';
import { allocateBlocks } from './panel-blocks.ts';
import type { PanelBlocks } from './panel-blocks.ts';
import { ParameterLayout } from './parameter-layout.ts';
import { quantity } from './pass.ts';
import type { Pass } from './pass.ts';
import { defineReadRows } from './read-rows.ts';
import type { Draws } from './read-rows.ts';
import { prepareTransform } from './transform.ts';
import type { TrainedStep } from './transform.ts';
import { v128 } from '../assembly/expression.ts';
import type { I32, Local } from '../assembly/expression.ts';
import { ModuleBuilder, PAGE_BYTES } from '../assembly/module-builder.ts';
import type { FunctionBuilder } from '../assembly/function-builder.ts';
import { Layout, PANEL_BYTES, PANEL_ROWS, VECTOR_BYTES } from '../layout.ts';
import { VectorMath } from '../math.ts';
import { overPanels } from './panel.ts';
import type { Step } from '../../../plan/plan.ts';
import type { TrainingPlan } from '../../../plan/training-plan.ts';

/** Options of an emitted training module. */
export interface TrainingEmitOptions {
  /** Use the relaxed-SIMD multiply-add. */
  readonly fused: boolean;
  /** Most rows of a batch. */
  readonly rows: number;
  /** Batches that may wait in memory. */
  readonly batches: number;
  readonly threads: number;
  /** Parts of a batch, each with a gradient of its own. */
  readonly shards: number;
  /** Panels of a tile. */
  readonly tilePanels: number;
  /** Tiles that a thread would keep between the forward and the backward pass. */
  readonly tiles: number;
  readonly draws: Draws | null;
}

/** Memory of all tiles that are kept. With more, the forward pass is run again. */
const MOST_TILE_BYTES = 256 * 1024 * 1024;

/** Emitted training module, with the places of everything in its memory. */
export interface TrainingCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Size of the shared memory, in pages of 64 KiB. */
  readonly pages: number;
  readonly memory: TrainingMemory;
  /** [length] Parameter of the flow per place in a vector of parameters; −1 for a constant zero. */
  readonly sources: Int32Array;
  readonly decay: Float32Array;
  /** Bytes of a tile. */
  readonly tileBytes: number;
  /** Tiles that a thread keeps: all that it would, or one if they take too much memory. */
  readonly keptTiles: number;
}

/**
 * Emits the training module of a plan over a shared memory. Its functions, whose parameters are
 * integers:
 *
 * ```
 * draw(tile, panels, x, context, count, first, step)   rows → panels, with noise and masks
 * read(tile, panels, x, context, count, 0, 0)    rows → panels, as they are
 * forward(tile, panels, parameters, logProb)     panels → log p of the rows
 * backward(tile, panels, parameters, gradient, weights)   gradient += Σ weight·∂ log p / ∂parameters
 * reduce(begin, end, shards, squares)            shards → the gradient, and a sum of its squares
 * update(begin, end)                             Adam
 * ```
 */
export const emitTraining = (plan: TrainingPlan, options: TrainingEmitOptions): TrainingCode =>
  atOnce(trainingEmission(plan, options));

/** {@link emitTraining} in parts: placing the parameters of the steps takes most of the time. */
export function* trainingEmission(plan: TrainingPlan, options: TrainingEmitOptions): Steps<TrainingCode> {
  const layout = new Layout();
  const module = new ModuleBuilder();
  const [panel, parameters] = [new PanelLayout(), new ParameterLayout(plan)];
  const math = new VectorMath(options.fused);
  const emission: TrainingEmission = { plan: plan.places, module, math, layout, panel, parameters };
  const blocks = allocateBlocks(emission);
  const adjoints = new AdjointBlocks(emission);
  const steps: TrainedStep[] = [];
  for (const step of plan.places.steps) {
    steps.push(prepareStep(emission, blocks, step, adjoints));
    yield;
  }
  const base = prepareBase(emission, blocks);
  defineReading(emission, blocks, options.draws);
  yield;
  defineForwardPass(emission, blocks, [...steps, base]);
  yield;
  defineBackwardPass(emission, blocks, [...steps, base]);
  yield;
  const tileBytes = options.tilePanels * panel.size;
  const keptTiles = options.threads * options.tiles * tileBytes <= MOST_TILE_BYTES ? options.tiles : 1;
  const memory = placeTraining(layout, {
    parameters: parameters.length,
    shards: options.shards,
    blocks: Math.ceil(parameters.length / BLOCK_FLOATS),
    rows: Math.ceil(options.rows / PANEL_ROWS) * PANEL_ROWS,
    features: plan.places.features,
    context: plan.places.context,
    batches: options.batches,
    threads: options.threads,
    tileBytes: keptTiles * tileBytes,
  });
  module.export('reduce', defineReduce(emission, memory));
  module.export('update', defineUpdate(emission, memory));
  const pages = Math.ceil(memory.size / PAGE_BYTES);
  return {
    bytes: module.buildShared(pages),
    pages,
    memory,
    sources: parameters.sources(),
    decay: parameters.decay(),
    tileBytes,
    keptTiles,
  };
}

const prepareStep = (
  emission: TrainingEmission,
  blocks: PanelBlocks,
  step: Step,
  adjoints: AdjointBlocks,
): TrainedStep => {
  switch (step.type) {
    case 'transform':
      return prepareTransform(emission, blocks, step, adjoints);
    case 'linear':
      throw new RangeError('a training plan has no linear steps');
    default:
      return prepareContextual(emission, blocks, step, adjoints);
  }
};

const defineReading = (emission: TrainingEmission, blocks: PanelBlocks, draws: Draws | null): void => {
  const read = defineReadRows(emission, blocks, null);
  emission.module.export('read', read);
  emission.module.export('draw', draws === null ? read : defineReadRows(emission, blocks, draws));
};

const defineForwardPass = (
  { module, panel }: TrainingEmission,
  { logProb }: PanelBlocks,
  parts: readonly TrainedStep[],
): void => {
  const forward = module.define('forward', 4, (f) => {
    const pass: Pass = {
      f,
      tile: f.parameter(0),
      panels: f.parameter(1),
      parameters: f.parameter(2),
      gradient: f.parameter(2),
    };
    for (const part of parts) part.forward(pass);
    const [from, to] = [f.let(quantity(pass, logProb)), f.let(f.parameter(3))];
    overPanels(f, pass.panels, panel.size, [from], () => {
      copyQuantity(f, from, to);
      f.advance(to, PANEL_BYTES);
    });
  });
  module.export('forward', forward);
};

const defineBackwardPass = (
  { module, panel }: TrainingEmission,
  { weight }: PanelBlocks,
  parts: readonly TrainedStep[],
): void => {
  const backward = module.define('backward', 5, (f) => {
    const pass: Pass = {
      f,
      tile: f.parameter(0),
      panels: f.parameter(1),
      parameters: f.parameter(2),
      gradient: f.parameter(3),
    };
    const [from, to] = [f.let(f.parameter(4)), f.let(quantity(pass, weight))];
    overPanels(f, pass.panels, panel.size, [to], () => {
      copyQuantity(f, from, to);
      f.advance(from, PANEL_BYTES);
    });
    for (const part of parts.toReversed()) part.backward(pass);
  });
  module.export('backward', backward);
};

const copyQuantity = (f: FunctionBuilder, from: Local<'i32'>, to: I32): void => {
  for (let offset = 0; offset < PANEL_BYTES; offset += VECTOR_BYTES) f.store(to, v128.load(from, offset), offset);
};
