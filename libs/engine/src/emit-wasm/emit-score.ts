import { couplingsOf } from './affine-coupling.ts';
import { prepareCouplingSingle } from './coupling-single.ts';
import { prepareCouplingTile } from './coupling-tile.ts';
import type { Emission } from './emission.ts';
import { i32 } from './expression.ts';
import type { I32 } from './expression.ts';
import type { FunctionBuilder, FunctionReference } from './function-builder.ts';
import { Layout, PANEL_BYTES, PANEL_ROWS, TILE_ROWS } from './layout.ts';
import { VectorMath } from './math.ts';
import { ModuleBuilder } from './module-builder.ts';
import { SingleBuffers } from './network-single.ts';
import { reusedSlots } from './network-tile.ts';
import { defineFinishRow, defineReadRow, defineWriteRow } from './rows-single.ts';
import { defineFinish, defineReadRows, defineWriteRows } from './rows-tile.ts';
import { allocateSingle, padded } from './single-memory.ts';
import { allocateTile } from './tile-memory.ts';
import { at } from '../at.ts';
import { valueWidths } from '../plan.ts';
import type { Plan } from '../plan.ts';

const FLOAT_BYTES = 4;

/** A compiled kernel: a self-contained module, and where its rows go in and its results come out. */
export interface KernelCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Rows that one call takes at most. */
  readonly capacity: number;
  readonly rowsAddress: number;
  /** One float a row: log p (or nothing, in a gradient kernel). */
  readonly scoresAddress: number;
  /** d floats a row: z, or the gradient. */
  readonly vectorsAddress: number;
}

/** How a module is to be written. */
export interface EmitOptions {
  /** Use relaxed-SIMD multiply-add; only where WebAssembly.validate accepts it. */
  readonly fused: boolean;
  /** Rows that one call takes at most. */
  readonly capacity: number;
}

/** A tile with fewer rows than this is slower than its rows one by one. */
const TILE_MINIMUM_ROWS = 9;

/**
 * Emits the module that scores: `score(n)` leaves log p of the first n rows, `latent(n)` also their z. Rows are scored in
 * tiles of 32, the rest one by one; both ways give the same bits.
 */
export const emitScore = (plan: Plan, options: EmitOptions): KernelCode => {
  const emission: Emission = {
    plan,
    module: new ModuleBuilder(),
    math: new VectorMath(options.fused),
    layout: new Layout(),
  };
  const { module, layout } = emission;
  const rowBytes = (plan.features + plan.context) * FLOAT_BYTES;
  const rowsAddress = layout.allocate(options.capacity * rowBytes + 16);
  const scoresAddress = layout.allocate((options.capacity + TILE_ROWS) * FLOAT_BYTES);
  const vectorsAddress = layout.allocate(options.capacity * plan.features * FLOAT_BYTES);
  const scoreTile = defineScoreTile(emission);
  const scoreRow = defineScoreRow(emission);

  for (const latents of [false, true]) {
    const run = module.define(latents ? 'latent' : 'score', 1, (f) => {
      const remaining = f.let(f.parameter(0));
      const row = f.let(i32.constant(rowsAddress));
      const score = f.let(i32.constant(scoresAddress));
      const vector = f.let(i32.constant(vectorsAddress));
      const count = f.local('i32');
      f.while(
        () => i32.ltU(i32.constant(0), remaining),
        () => {
          f.if(
            i32.ltU(remaining, i32.constant(TILE_MINIMUM_ROWS)),
            () => {
              f.set(count, i32.constant(1));
              f.call(scoreRow.score, row, score);
              if (latents) f.call(scoreRow.write, vector);
            },
            () => {
              f.set(count, tileRows(f, remaining));
              f.call(scoreTile.score, row, count, score);
              if (latents) f.call(scoreTile.write, i32.constant(scoreTile.state), vector, count);
            },
          );
          f.set(remaining, i32.sub(remaining, count));
          f.set(row, i32.add(row, i32.mul(count, i32.constant(rowBytes))));
          f.set(score, i32.add(score, i32.mul(count, i32.constant(FLOAT_BYTES))));
          f.set(vector, i32.add(vector, i32.mul(count, i32.constant(plan.features * FLOAT_BYTES))));
        },
      );
    });
    module.export(latents ? 'latent' : 'score', run);
  }
  return { bytes: module.build(layout.size), capacity: options.capacity, rowsAddress, scoresAddress, vectorsAddress };
};

/** How many of the remaining rows the next tile takes: a last panel that would be nearly empty is left for later. */
const tileRows = (f: FunctionBuilder, remaining: I32): I32 => {
  const c = (value: number): I32 => i32.constant(value);
  const count = f.let(i32.select(i32.ltU(remaining, c(TILE_ROWS)), remaining, c(TILE_ROWS)));
  const inLastPanel = f.let(i32.and(count, c(PANEL_ROWS - 1)));
  const leaveOut = i32.and(i32.ltU(c(PANEL_ROWS), count), i32.ltU(inLastPanel, c(TILE_MINIMUM_ROWS)));
  return i32.select(leaveOut, i32.sub(count, inLastPanel), count);
};

/** The bytes of the panels that hold a number of rows. */
export const panelBytesOf = (rows: I32): I32 => {
  const c = (value: number): I32 => i32.constant(value);
  const rounded = i32.and(i32.add(rows, c(PANEL_ROWS - 1)), c(-PANEL_ROWS));
  return i32.mul(rounded, c(PANEL_BYTES / PANEL_ROWS));
};

interface TileFunctions {
  /** Parameters: row, number of rows, score. */
  readonly score: FunctionReference;
  /** Parameters: state, vector, number of rows. */
  readonly write: FunctionReference;
  readonly state: number;
}

const defineScoreTile = (emission: Emission): TileFunctions => {
  const { module, plan } = emission;
  const memory = allocateTile(emission);
  const slots = reusedSlots(emission, widestValue(plan), widestOutput(plan));
  const steps = couplingsOf(plan).map((step) => prepareCouplingTile(emission, memory, step, slots, null));
  const [read, finish] = [defineReadRows(emission, memory), defineFinish(emission, memory)];
  const score = module.define('scoreTile', 3, (f) => {
    f.call(read, f.parameter(0), f.parameter(1));
    const panelBytes = f.let(panelBytesOf(f.parameter(1)));
    for (const step of steps) step.forward(f, panelBytes);
    f.call(finish, f.parameter(2));
  });
  return { score, write: defineWriteRows(emission, plan.order), state: memory.state };
};

interface RowFunctions {
  /** Parameters: row, score. */
  readonly score: FunctionReference;
  /** Parameters: vector. */
  readonly write: FunctionReference;
}

const defineScoreRow = (emission: Emission): RowFunctions => {
  const { module, plan } = emission;
  const memory = allocateSingle(emission);
  const buffers = new SingleBuffers(emission);
  const widest = Math.max(widestValue(plan), ...couplingsOf(plan).map((step) => 2 * padded(step.transformed.length)));
  const steps = couplingsOf(plan).map((step) => prepareCouplingSingle(emission, memory, step, buffers, widest));
  const [read, finish] = [defineReadRow(emission, memory), defineFinishRow(emission, memory)];
  const score = module.define('scoreRow', 2, (f) => {
    f.call(read, f.parameter(0));
    for (const step of steps) step(f);
    f.call(finish, f.parameter(1));
  });
  return { score, write: defineWriteRow(emission, memory) };
};

/** The widest value that any network computes. */
export const widestValue = (plan: Plan): number =>
  Math.max(0, ...couplingsOf(plan).flatMap((step) => valueWidths(step.network).slice(1)));

const widestOutput = (plan: Plan): number =>
  Math.max(
    0,
    ...couplingsOf(plan).map((step) => {
      const widths = valueWidths(step.network);
      return step.network.outputs.reduce((total, value) => total + at(widths, value), 0);
    }),
  );
