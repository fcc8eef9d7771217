import { float32, int32, signed, unsigned } from './bytes.ts';

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

const SIMD_PREFIX = 0xfd;
/** Alignment hint of every access: 4 bytes, since rows may start anywhere. */
const ALIGN_4 = 2;

const expression = <T extends ValueType>(type: T, ...code: Code): Expression<T> => ({ type, code });
const simd = (opcode: number): number[] => [SIMD_PREFIX, ...unsigned(opcode)];
const memory = (offset: number): number[] => [ALIGN_4, ...unsigned(offset)];

/** Integers: addresses, counters, and conditions (0 is false). */
export const i32 = {
  constant: (value: number): I32 => expression('i32', [0x41, ...signed(value)]),
  add: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x6a]),
  sub: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x6b]),
  mul: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x6c]),
  and: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x71]),
  shl: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x74]),
  ne: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x47]),
  ltU: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x49]),
  popcnt: (a: I32): I32 => expression('i32', a.code, [0x69]),
  select: (condition: I32, yes: I32, no: I32): I32 => expression('i32', yes.code, no.code, condition.code, [0x1b]),
  load: (address: I32, offset = 0): I32 => expression('i32', address.code, [0x28, ...memory(offset)]),
};

/** Single floats: gathers, scatters, and the end of a horizontal sum. */
export const f32 = {
  constant: (value: number): F32 => expression('f32', [0x43, ...float32(value)]),
  add: (a: F32, b: F32): F32 => expression('f32', a.code, b.code, [0x92]),
  sub: (a: F32, b: F32): F32 => expression('f32', a.code, b.code, [0x93]),
  mul: (a: F32, b: F32): F32 => expression('f32', a.code, b.code, [0x94]),
  gt: (a: F32, b: F32): I32 => expression('i32', a.code, b.code, [0x5e]),
  select: (condition: I32, yes: F32, no: F32): F32 => expression('f32', yes.code, no.code, condition.code, [0x1b]),
  load: (address: I32, offset = 0): F32 => expression('f32', address.code, [0x2a, ...memory(offset)]),
};

const lanewise =
  (opcode: number) =>
  (a: V128, b: V128): V128 =>
    expression('v128', a.code, b.code, simd(opcode));

/** Four floats at once. */
export const f32x4 = {
  constant: (value: number): V128 => {
    const lane = float32(value);
    return expression('v128', simd(0x0c), lane, lane, lane, lane);
  },
  lanes: (values: readonly number[]): V128 =>
    expression('v128', simd(0x0c), ...[0, 1, 2, 3].map((lane) => float32(values[lane] ?? 0))),
  splat: (a: F32): V128 => expression('v128', a.code, simd(0x13)),
  add: lanewise(0xe4),
  sub: lanewise(0xe5),
  mul: lanewise(0xe6),
  div: lanewise(0xe7),
  abs: (a: V128): V128 => expression('v128', a.code, simd(0xe0)),
  neg: (a: V128): V128 => expression('v128', a.code, simd(0xe1)),
  sqrt: (a: V128): V128 => expression('v128', a.code, simd(0xe3)),
  /** Converts four integers to floats. */
  convertI32: (a: V128): V128 => expression('v128', a.code, simd(0xfa)),
  ne: lanewise(0x42),
  lt: lanewise(0x43),
  gt: lanewise(0x44),
  /** b < a ? b : a, so a NaN in `a` is kept. */
  pmin: lanewise(0xea),
  /** a < b ? b : a, so a NaN in `a` is kept. */
  pmax: lanewise(0xeb),
  /**
   * a·b + c in one instruction (relaxed SIMD), rounded once if the CPU has FMA.
   * VectorMath.multiplyAdd decides when to use it.
   */
  relaxedMadd: (a: V128, b: V128, c: V128): V128 => expression('v128', a.code, b.code, c.code, simd(0x105)),
  extract: (a: V128, lane: number): F32 => expression('f32', a.code, simd(0x1f), [lane]),
};

/** The bits of four floats, and memory. */
export const v128 = {
  load: (address: I32, offset = 0): V128 => expression('v128', address.code, simd(0x00), memory(offset)),
  /** Loads one float of memory into every lane. */
  loadSplat: (address: I32, offset = 0): V128 => expression('v128', address.code, simd(0x09), memory(offset)),
  and: lanewise(0x4e),
  andNot: lanewise(0x4f),
  or: lanewise(0x50),
  addI32: lanewise(0xae),
  subI32: lanewise(0xb1),
  /** Shifts four integers right, with sign extension. */
  shrI32: (a: V128, bits: number): V128 => expression('v128', a.code, i32.constant(bits).code, simd(0xac)),
  shlI32: (a: V128, bits: number): V128 => expression('v128', a.code, i32.constant(bits).code, simd(0xab)),
  constantI32: (value: number): V128 => {
    const lane = int32(value);
    return expression('v128', simd(0x0c), lane, lane, lane, lane);
  },
  lanesI32: (values: readonly number[]): V128 =>
    expression('v128', simd(0x0c), ...[0, 1, 2, 3].map((lane) => int32(values[lane] ?? 0))),
  /** Mask with all bits set in the first `lanes` lanes. */
  firstLanes: (lanes: number): V128 =>
    expression('v128', simd(0x0c), ...[0, 1, 2, 3].map((lane) => int32(lane < lanes ? -1 : 0))),
  /** mask ? a : b, bit by bit. */
  select: (mask: V128, a: V128, b: V128): V128 => expression('v128', a.code, b.code, mask.code, simd(0x52)),
  /** The bytes of `a` in the order given by `indices`. */
  swizzle: lanewise(0x0e),
  /** `a` with one lane replaced by the float at an address. */
  loadLane: (address: I32, a: V128, lane: number, offset = 0): V128 =>
    expression('v128', address.code, a.code, simd(0x56), memory(offset), [lane]),
  /** Sign bits of the lanes, one bit per lane. */
  bitmaskI32: (a: V128): I32 => expression('i32', a.code, simd(0xa4)),
};

/** Code of the statements that write memory. */
export const storeCode = {
  v128: (address: I32, value: V128, offset: number): Code => [address.code, value.code, simd(0x0b), memory(offset)],
  lane: (address: I32, value: V128, lane: number, offset: number): Code => [
    address.code,
    value.code,
    simd(0x5a),
    memory(offset),
    lane,
  ],
  f32: (address: I32, value: F32, offset: number): Code => [address.code, value.code, 0x38, memory(offset)],
  i32: (address: I32, value: I32, offset: number): Code => [address.code, value.code, 0x36, memory(offset)],
};
