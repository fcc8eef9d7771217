import { atOnce, type Steps } from '@flowline/events';
import { prepareContextualSingle, prepareContextualTile } from './contextual.ts';
import { outputWidth, widestValue } from './emission.ts';
import type { Emission } from './emission.ts';
import { i32 } from './assembly/expression.ts';
import type { I32 } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { KernelWriter, panelBytesOf } from './kernel.ts';
import type { EmitOptions, KernelCode } from './kernel.ts';
import { PANEL_ROWS, TILE_ROWS } from './layout.ts';
import { prepareLinearSingle, prepareLinearTile } from './linear.ts';
import { SingleBuffers } from './network-single.ts';
import { reusedSlots } from './network-tile.ts';
import type { ValueSlots } from './network-tile.ts';
import { defineFinishRow, defineReadRow, defineWriteRow } from './rows-single.ts';
import { defineFinish, defineReadRows, defineWriteRows } from './rows-tile.ts';
import { allocateSingle, padded } from './single-memory.ts';
import type { SingleMemory } from './single-memory.ts';
import { allocateTile } from './tile-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import { prepareTransformSingle } from './transform-single.ts';
import type { SingleStep } from './transform-single.ts';
import { prepareTransformTile } from './transform-tile.ts';
import type { TileStep } from './transform-tile.ts';
import { networksOf, parametersOf } from '../../plan/plan.ts';
import type { Plan, Step } from '../../plan/plan.ts';
import { partWidths } from '../../steps/contextual-map.ts';
import { contextualMap } from '../../steps/contextual.ts';

/** Below this number of rows, a tile is slower than scoring the rows one by one. */
const TILE_MINIMUM_ROWS = 9;

/**
 * Emits the scoring module: `score(n)` writes log p of the first n rows, and `latent(n)` also their
 * z. Rows are scored in tiles of 32, and the rest one by one. Both paths give the same bits.
 */
export const emitScore = (plan: Plan, options: EmitOptions): KernelCode => atOnce(scoreEmission(plan, options));

/** {@link emitScore} in parts: packing the weights of the steps takes most of the time. */
export function* scoreEmission(plan: Plan, options: EmitOptions): Steps<KernelCode> {
  const writer = new KernelWriter(plan, options);
  const tile = yield* defineScoreTile(writer.emission);
  const single = yield* defineScoreRow(writer.emission);
  for (const latents of [false, true]) {
    writer.export(latents ? 'latent' : 'score', (f, { remaining, row, score, vector }, count) => {
      f.if(
        i32.ltU(remaining, i32.constant(TILE_MINIMUM_ROWS)),
        () => {
          f.set(count, i32.constant(1));
          f.call(single.score, row, score);
          if (latents) f.call(single.write, vector);
        },
        () => {
          f.set(count, tileRows(f, remaining));
          f.call(tile.score, row, count, score);
          if (latents) f.call(tile.write, i32.constant(tile.state), vector, count);
        },
      );
    });
  }
  yield;
  return writer.build();
}

/**
 * Number of remaining rows that the next tile takes. It leaves out a last panel that would be
 * nearly empty.
 */
const tileRows = (f: FunctionBuilder, remaining: I32): I32 => {
  const c = (value: number): I32 => i32.constant(value);
  const count = f.let(i32.select(i32.ltU(remaining, c(TILE_ROWS)), remaining, c(TILE_ROWS)));
  const inLastPanel = f.let(i32.and(count, c(PANEL_ROWS - 1)));
  const leaveOut = i32.and(i32.ltU(c(PANEL_ROWS), count), i32.ltU(inLastPanel, c(TILE_MINIMUM_ROWS)));
  return i32.select(leaveOut, i32.sub(count, inLastPanel), count);
};

interface TileFunctions {
  /** Parameters: row, number of rows, score. */
  readonly score: FunctionReference;
  /** Parameters: state, vector, number of rows. */
  readonly write: FunctionReference;
  readonly state: number;
}

function* defineScoreTile(emission: Emission): Steps<TileFunctions> {
  const { module, plan } = emission;
  const memory = allocateTile(emission);
  const slots = reusedSlots(emission, widestValue(plan), Math.max(0, ...networksOf(plan).map(outputWidth)));
  const steps: TileStep[] = [];
  for (const step of plan.steps) {
    steps.push(prepareTile(emission, memory, step, slots));
    yield;
  }
  const [read, finish] = [defineReadRows(emission, memory), defineFinish(emission, memory)];
  const score = module.define('scoreTile', 3, (f) => {
    f.call(read, f.parameter(0), f.parameter(1));
    const panelBytes = f.let(panelBytesOf(f.parameter(1)));
    for (const step of steps) step.forward(f, panelBytes);
    f.call(finish, f.parameter(2));
  });
  return { score, write: defineWriteRows(emission, plan.order), state: memory.state };
}

const prepareTile = (emission: Emission, memory: TileMemory, step: Step, slots: ValueSlots): TileStep => {
  switch (step.type) {
    case 'transform':
      return prepareTransformTile(emission, memory, step, slots, null);
    case 'linear':
      return prepareLinearTile(emission, memory, step, slots);
    default:
      return prepareContextualTile(emission, memory, step, slots);
  }
};

interface RowFunctions {
  /** Parameters: row, score. */
  readonly score: FunctionReference;
  /** Parameters: vector. */
  readonly write: FunctionReference;
}

function* defineScoreRow(emission: Emission): Steps<RowFunctions> {
  const { module, plan } = emission;
  const memory = allocateSingle(emission);
  const buffers = new SingleBuffers(emission);
  const widest = Math.max(widestValue(plan), ...plan.steps.map((step) => paddedOutputs(plan, step)));
  const steps: SingleStep[] = [];
  for (const step of plan.steps) {
    steps.push(prepareSingle(emission, memory, step, buffers, widest));
    yield;
  }
  const [read, finish] = [defineReadRow(emission, memory), defineFinishRow(emission, memory)];
  const score = module.define('scoreRow', 2, (f) => {
    f.call(read, f.parameter(0));
    for (const step of steps) step(f);
    f.call(finish, f.parameter(1));
  });
  return { score, write: defineWriteRow(emission, memory) };
}

const prepareSingle = (
  emission: Emission,
  memory: SingleMemory,
  step: Step,
  buffers: SingleBuffers,
  widest: number,
): SingleStep => {
  switch (step.type) {
    case 'transform':
      return prepareTransformSingle(emission, memory, step, buffers, widest);
    case 'linear':
      return prepareLinearSingle(emission, memory, step, buffers, widest);
    default:
      return prepareContextualSingle(emission, memory, step, buffers, widest);
  }
};

/** Width in floats of the outputs of a step's network, with each part padded to whole vectors. */
const paddedOutputs = (plan: Plan, step: Step): number => {
  switch (step.type) {
    case 'transform':
      return parametersOf(step.transformer) * padded(step.transformed.dimensions.length);
    case 'linear':
      return padded(step.bias.length);
    default:
      return partWidths(contextualMap(step), plan.features).reduce((total, width) => total + padded(width), 0);
  }
};
