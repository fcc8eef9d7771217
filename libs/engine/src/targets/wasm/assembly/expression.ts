import { at } from '@flowline/events';
import { float32, int32, signed, unsigned } from './bytes.ts';
import { Opcode, Simd } from './opcodes.ts';

/** WebAssembly value types that kernels use. */
export type ValueType = 'i32' | 'f32' | 'v128';

/** Bytes and the code of operands. A tree, so that nothing is copied before a function takes it. */
export type Code = readonly (number | Code)[];

/** Code that leaves one value of a type on the stack. */
export interface Expression<T extends ValueType> {
  readonly type: T;
  readonly code: Code;
}

/** Local variable. Reading it is an expression. */
export interface Local<T extends ValueType> extends Expression<T> {
  readonly index: number;
}

export type I32 = Expression<'i32'>;
export type F32 = Expression<'f32'>;
export type V128 = Expression<'v128'>;

/** Alignment hint of every access: 4 bytes, since rows may start anywhere. */
const ALIGN_4 = 2;

const expression = <T extends ValueType>(type: T, ...code: Code): Expression<T> => ({ type, code });
const simd = (opcode: number): number[] => [Opcode.simd, ...unsigned(opcode)];
const memory = (offset: number): number[] => [ALIGN_4, ...unsigned(offset)];

/** Integers: addresses, counters, and conditions (0 is false). */
export const i32 = {
  constant: (value: number): I32 => expression('i32', [Opcode.i32Const, ...signed(value)]),
  add: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [Opcode.i32Add]),
  sub: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [Opcode.i32Sub]),
  mul: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [Opcode.i32Mul]),
  and: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [Opcode.i32And]),
  shl: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [Opcode.i32Shl]),
  ne: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [Opcode.i32Ne]),
  ltU: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [Opcode.i32LtU]),
  popcnt: (a: I32): I32 => expression('i32', a.code, [Opcode.i32Popcnt]),
  select: (condition: I32, yes: I32, no: I32): I32 =>
    expression('i32', yes.code, no.code, condition.code, [Opcode.select]),
  load: (address: I32, offset = 0): I32 => expression('i32', address.code, [Opcode.i32Load, ...memory(offset)]),
};

/** Single floats: gathers, scatters, and the end of a horizontal sum. */
export const f32 = {
  constant: (value: number): F32 => expression('f32', [Opcode.f32Const, ...float32(value)]),
  add: (a: F32, b: F32): F32 => expression('f32', a.code, b.code, [Opcode.f32Add]),
  sub: (a: F32, b: F32): F32 => expression('f32', a.code, b.code, [Opcode.f32Sub]),
  mul: (a: F32, b: F32): F32 => expression('f32', a.code, b.code, [Opcode.f32Mul]),
  gt: (a: F32, b: F32): I32 => expression('i32', a.code, b.code, [Opcode.f32Gt]),
  select: (condition: I32, yes: F32, no: F32): F32 =>
    expression('f32', yes.code, no.code, condition.code, [Opcode.select]),
  load: (address: I32, offset = 0): F32 => expression('f32', address.code, [Opcode.f32Load, ...memory(offset)]),
};

const lanewise =
  (opcode: number) =>
  (a: V128, b: V128): V128 =>
    expression('v128', a.code, b.code, simd(opcode));

/** Four floats at once. */
export const f32x4 = {
  constant: (value: number): V128 => {
    const lane = float32(value);
    return expression('v128', simd(Simd.const), lane, lane, lane, lane);
  },
  lanes: (values: readonly number[]): V128 =>
    expression('v128', simd(Simd.const), ...[0, 1, 2, 3].map((lane) => float32(at(values, lane)))),
  splat: (a: F32): V128 => expression('v128', a.code, simd(Simd.f32x4Splat)),
  add: lanewise(Simd.f32x4Add),
  sub: lanewise(Simd.f32x4Sub),
  mul: lanewise(Simd.f32x4Mul),
  div: lanewise(Simd.f32x4Div),
  abs: (a: V128): V128 => expression('v128', a.code, simd(Simd.f32x4Abs)),
  neg: (a: V128): V128 => expression('v128', a.code, simd(Simd.f32x4Neg)),
  sqrt: (a: V128): V128 => expression('v128', a.code, simd(Simd.f32x4Sqrt)),
  /** Converts four integers to floats. */
  convertI32: (a: V128): V128 => expression('v128', a.code, simd(Simd.f32x4ConvertI32)),
  ne: lanewise(Simd.f32x4Ne),
  lt: lanewise(Simd.f32x4Lt),
  gt: lanewise(Simd.f32x4Gt),
  /** b < a ? b : a, so a NaN in `a` is kept. */
  pmin: lanewise(Simd.f32x4Pmin),
  /** a < b ? b : a, so a NaN in `a` is kept. */
  pmax: lanewise(Simd.f32x4Pmax),
  /**
   * a·b + c in one instruction (relaxed SIMD), rounded once if the CPU has FMA.
   * VectorMath.multiplyAdd decides when to use it.
   */
  relaxedMadd: (a: V128, b: V128, c: V128): V128 =>
    expression('v128', a.code, b.code, c.code, simd(Simd.f32x4RelaxedMadd)),
  extract: (a: V128, lane: number): F32 => expression('f32', a.code, simd(Simd.f32x4ExtractLane), [lane]),
};

/** The bits of four floats, and memory. */
export const v128 = {
  load: (address: I32, offset = 0): V128 => expression('v128', address.code, simd(Simd.load), memory(offset)),
  /** Loads one float of memory into every lane. */
  loadSplat: (address: I32, offset = 0): V128 =>
    expression('v128', address.code, simd(Simd.loadSplat32), memory(offset)),
  and: lanewise(Simd.and),
  andNot: lanewise(Simd.andNot),
  or: lanewise(Simd.or),
  xor: lanewise(Simd.xor),
  addI32: lanewise(Simd.i32x4Add),
  subI32: lanewise(Simd.i32x4Sub),
  mulI32: lanewise(Simd.i32x4Mul),
  splatI32: (a: I32): V128 => expression('v128', a.code, simd(Simd.i32x4Splat)),
  /** Shifts four integers right, with sign extension. */
  shrI32: (a: V128, bits: number): V128 => expression('v128', a.code, i32.constant(bits).code, simd(Simd.i32x4ShrS)),
  /** Shifts four integers right, filling with zeros. */
  shrU32: (a: V128, bits: number): V128 => expression('v128', a.code, i32.constant(bits).code, simd(Simd.i32x4ShrU)),
  shlI32: (a: V128, bits: number): V128 => expression('v128', a.code, i32.constant(bits).code, simd(Simd.i32x4Shl)),
  constantI32: (value: number): V128 => {
    const lane = int32(value);
    return expression('v128', simd(Simd.const), lane, lane, lane, lane);
  },
  lanesI32: (values: readonly number[]): V128 =>
    expression('v128', simd(Simd.const), ...[0, 1, 2, 3].map((lane) => int32(at(values, lane)))),
  /** Mask with all bits set in the first `lanes` lanes. */
  firstLanes: (lanes: number): V128 =>
    expression('v128', simd(Simd.const), ...[0, 1, 2, 3].map((lane) => int32(lane < lanes ? -1 : 0))),
  /** mask ? a : b, bit by bit. */
  select: (mask: V128, a: V128, b: V128): V128 => expression('v128', a.code, b.code, mask.code, simd(Simd.bitselect)),
  /** Four lanes of `a` (0 to 3) and `b` (4 to 7). */
  shuffle: (a: V128, b: V128, lanes: readonly [number, number, number, number]): V128 =>
    expression(
      'v128',
      a.code,
      b.code,
      simd(Simd.shuffle),
      lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
    ),
  /** The bytes of `a` in the order given by `indices`. */
  swizzle: lanewise(Simd.swizzle),
  /** `a` with one lane replaced by the float at an address. */
  loadLane: (address: I32, a: V128, lane: number, offset = 0): V128 =>
    expression('v128', address.code, a.code, simd(Simd.loadLane32), memory(offset), [lane]),
  /** Sign bits of the lanes, one bit per lane. */
  bitmaskI32: (a: V128): I32 => expression('i32', a.code, simd(Simd.i32x4Bitmask)),
};

/** Code of the statements that write memory. */
export const storeCode = {
  v128: (address: I32, value: V128, offset: number): Code => [
    address.code,
    value.code,
    simd(Simd.store),
    memory(offset),
  ],
  lane: (address: I32, value: V128, lane: number, offset: number): Code => [
    address.code,
    value.code,
    simd(Simd.storeLane32),
    memory(offset),
    lane,
  ],
  f32: (address: I32, value: F32, offset: number): Code => [address.code, value.code, Opcode.f32Store, memory(offset)],
  i32: (address: I32, value: I32, offset: number): Code => [address.code, value.code, Opcode.i32Store, memory(offset)],
};
