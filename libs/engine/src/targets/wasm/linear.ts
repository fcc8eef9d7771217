import { defineDenseSingle, placeDenseSingle } from './dense-single.ts';
import { prepareDenseTile } from './dense-tile.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32 } from './assembly/expression.ts';
import type { FunctionReference } from './assembly/function-builder.ts';
import type { SingleBuffers } from './network-single.ts';
import { denseTile } from './network-tile.ts';
import type { ValueSlots } from './network-tile.ts';
import { defineGather, defineScatter, masked } from './read-tile.ts';
import type { SingleMemory } from './single-memory.ts';
import { padded } from './single-memory.ts';
import { Entry, overTable, placeTable } from './table.ts';
import type { TileMemory } from './tile-memory.ts';
import type { ReversibleTile } from './transform-reverse.ts';
import { defineGatherSingle, defineScatterSingle, placeVectors } from './transform-single.ts';
import type { SingleStep } from './transform-single.ts';
import type { LinearStep } from '../../plan/plan.ts';

const c = (value: number): I32 => i32.constant(value);

/**
 * Prepares a linear map over a tile, and its reverse pass if `adjoint`, the block of
 * ∂ log p / ∂state, is given.
 */
export const prepareLinearTile = (
  emission: Emission,
  memory: TileMemory,
  { read, weights, bias }: LinearStep,
  slots: ValueSlots,
  adjoint = memory.state,
): ReversibleTile => {
  const width = bias.length;
  const table = placeTable(emission, memory, read);
  const [from, to] = [slots.take(width), slots.take(width)];
  slots.release(from);
  slots.release(to);
  const [start, end] = [c(table.start), c(table.end)];
  const sizes = { inputs: width, outputs: width, activation: 'linear' } as const;
  const dense = prepareDenseTile(emission, denseTile({ ...sizes, weights, bias }));
  return {
    forward: (f, panelBytes) => {
      f.call(defineGather(emission, null, false), start, end, c(from), panelBytes);
      dense(f, c(from), c(to), panelBytes);
      f.call(defineScatter(emission), start, end, c(to), panelBytes);
    },
    reverse: (f, panelBytes) => {
      const forward = denseTile({ ...sizes, weights, bias: new Float64Array(width) });
      const back = prepareDenseTile(emission, { ...forward, inputStride: 1, outputStride: width });
      const toAdjoint = adjoint - memory.state;
      f.call(defineGatherAdjoint(emission, toAdjoint), start, end, c(from), panelBytes);
      back(f, c(from), c(to), panelBytes);
      f.call(defineScatterAdjoint(emission, toAdjoint), start, end, c(to), panelBytes);
    },
  };
};

/**
 * Gathers the adjoints of a table's dimensions, 0 where not observed. Parameters: table, its end,
 * to, bytes of the panels.
 */
const defineGatherAdjoint = (emission: Emission, toAdjoint: number): FunctionReference =>
  emission.module.define('gatherAdjointTile', 4, (f) => {
    const [entry, to] = [f.let(f.parameter(0)), f.let(f.parameter(2))];
    overTable(f, entry, f.parameter(1), f.parameter(3), [to], (offset) => {
      const value = v128.load(i32.add(i32.load(entry, Entry.state), offset), toAdjoint);
      f.store(i32.add(to, offset), masked(emission, value, entry, offset));
    });
  });

/** Scatters ∂/∂u into ∂/∂state. Parameters: table, its end, from, bytes of the panels. */
const defineScatterAdjoint = (emission: Emission, toAdjoint: number): FunctionReference =>
  emission.module.define('scatterAdjointTile', 4, (f) => {
    const [entry, from] = [f.let(f.parameter(0)), f.let(f.parameter(2))];
    overTable(f, entry, f.parameter(1), f.parameter(3), [from], (offset) => {
      const value = f32x4.mul(v128.load(i32.add(from, offset)), v128.loadSplat(entry, Entry.scale));
      f.store(i32.add(i32.load(entry, Entry.state), offset), value, toAdjoint);
    });
  });

/** Prepares a linear map of a single row. */
export const prepareLinearSingle = (
  emission: Emission,
  memory: SingleMemory,
  { read, weights, bias }: LinearStep,
  buffers: SingleBuffers,
  widest: number,
): SingleStep => {
  const width = bias.length;
  const entries = placeVectors(emission, memory, read);
  const [from, to] = [buffers.take(0, widest), buffers.take(1, widest)];
  const columns = Array.from({ length: padded(width) }, (_, lane) => (lane < width ? lane : -1));
  const kernel = defineDenseSingle(emission, {
    runs: [{ offset: 0, length: width }],
    vectors: columns.length / 4,
    activation: 'linear',
    listIn: false,
    listOut: false,
  });
  const packed = placeDenseSingle(emission, { inputs: width, outputs: width, weights, bias }, columns);
  const [gather, scatter] = [defineGatherSingle(emission, null), defineScatterSingle(emission)];
  return (f) => {
    f.call(gather, c(entries.start), c(entries.end), c(from));
    f.call(kernel, c(packed), c(from), c(to), c(to));
    f.call(scatter, c(entries.start), c(entries.end), c(to));
  };
};
