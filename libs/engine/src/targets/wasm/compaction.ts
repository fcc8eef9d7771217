import { place } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, Local, V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import { VECTOR_BYTES } from './layout.ts';

/*
 * About half of the values after a ReLU are zero. A single row keeps a list of the others, so that
 * the next layer reads only half of its weights. Adding 0·w never changes a sum, so skipping it
 * gives the same bits.
 */

const tables = new WeakMap<Emission, number>();

/** Address of 16 vectors: for each set of lanes, the byte order that moves them to the front. */
export const defineCompactionTable = (emission: Emission): number => {
  const known = tables.get(emission);
  if (known !== undefined) return known;
  const bytes = new Uint8Array(16 * VECTOR_BYTES);
  for (let set = 0; set < 16; set++) {
    let at = set * VECTOR_BYTES;
    for (let lane = 0; lane < 4; lane++) {
      if ((set & (1 << lane)) === 0) continue;
      for (let byte = 0; byte < 4; byte++) bytes[at++] = lane * 4 + byte;
    }
  }
  const address = place(emission, bytes);
  tables.set(emission, address);
  return address;
};

/**
 * Appends the nonzero lanes to a list: their values, and 16 times the index of each. `length` is
 * the current length of the list in bytes. NaN counts as nonzero, so it is never lost.
 */
export const compact = (
  f: FunctionBuilder,
  value: V128,
  firstIndex: number,
  list: I32,
  indicesOffset: number,
  length: Local<'i32'>,
  shuffles: number,
): void => {
  const set = f.let(v128.bitmaskI32(f32x4.ne(value, f32x4.constant(0))));
  const order = f.let(v128.load(i32.shl(set, i32.constant(4)), shuffles));
  const indices = v128.lanesI32([0, 1, 2, 3].map((lane) => (firstIndex + lane) * VECTOR_BYTES));
  const to = f.let(i32.add(list, length));
  f.store(to, v128.swizzle(value, order), VECTOR_BYTES);
  f.store(to, v128.swizzle(indices, order), indicesOffset);
  f.set(length, i32.add(length, i32.shl(i32.popcnt(set), i32.constant(2))));
};
