import { at } from '@flowline/events';
import { place } from './emission.ts';
import type { Emission } from './emission.ts';
import { i32 } from './assembly/expression.ts';
import type { I32, Local } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import { STRIDE, VECTOR_BYTES } from './layout.ts';
import type { TileMemory } from './tile-memory.ts';
import type { Reading } from '../../plan/plan.ts';

/** Address range of a table. */
export interface Table {
  readonly start: number;
  readonly end: number;
}

const ENTRY_BYTES = 16;
/**
 * Table entry, the constants of one dimension in one step: the addresses of its state and mask, and
 * its pending affine map.
 */
export const Entry = { state: 0, mask: 4, scale: 8, shift: 12 } as const;

/**
 * Places the dimensions of a reading in memory, so that one kernel serves every step and every
 * permutation.
 */
export const placeTable = (emission: Emission, memory: TileMemory, { dimensions, scale, shift }: Reading): Table => {
  const bytes = new DataView(new ArrayBuffer(dimensions.length * ENTRY_BYTES));
  dimensions.forEach((dimension, i) => {
    bytes.setInt32(i * ENTRY_BYTES + Entry.state, memory.state + dimension * STRIDE, true);
    bytes.setInt32(i * ENTRY_BYTES + Entry.mask, at(memory.masks, dimension), true);
    bytes.setFloat32(i * ENTRY_BYTES + Entry.scale, at(scale, i), true);
    bytes.setFloat32(i * ENTRY_BYTES + Entry.shift, at(shift, i), true);
  });
  const start = place(emission, new Uint8Array(bytes.buffer));
  return { start, end: start + bytes.byteLength };
};

/**
 * Emits a body for every vector of every table entry. The pointers advance by one quantity per
 * entry.
 */
export const overTable = (
  f: FunctionBuilder,
  entry: Local<'i32'>,
  end: I32,
  panelBytes: I32,
  pointers: readonly Local<'i32'>[],
  body: (offset: I32) => void,
  next: () => void = () => undefined,
): void => {
  const offset = f.local('i32');
  f.while(
    () => i32.ltU(entry, end),
    () => {
      f.set(offset, i32.constant(0));
      f.doWhile(
        () => {
          body(offset);
          f.advance(offset, VECTOR_BYTES);
        },
        () => i32.ltU(offset, panelBytes),
      );
      f.advance(entry, ENTRY_BYTES);
      for (const pointer of pointers) f.advance(pointer, STRIDE);
      next();
    },
  );
};
