import { unsigned } from './bytes.ts';
import { i32, storeCode } from './expression.ts';
import type { Code, Expression, F32, I32, Local, V128, ValueType } from './expression.ts';

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const VOID_BLOCK = 0x40;
const END = 0x0b;

/** Function that others may call. Made by ModuleBuilder.define. */
export interface FunctionReference {
  readonly index: number;
  readonly parameters: number;
}

/**
 * Writes the body of one WebAssembly function, statement by statement. Parameters are integers, and
 * there is no result.
 */
export class FunctionBuilder {
  readonly parameters: readonly Local<'i32'>[];
  readonly #locals: ValueType[] = [];
  readonly #code: number[] = [];

  constructor(parameters: number) {
    this.parameters = Array.from({ length: parameters }, (_, index) => localAt('i32', index));
  }

  /** The i-th parameter. */
  parameter(index: number): Local<'i32'> {
    const parameter = this.parameters[index];
    if (parameter === undefined) throw new RangeError(`the function has no parameter ${index}`);
    return parameter;
  }

  /** Declares a local variable. It starts as zero. */
  local<T extends ValueType>(type: T): Local<T> {
    this.#locals.push(type);
    return localAt(type, this.parameters.length + this.#locals.length - 1);
  }

  /** Declares a local that holds the value of an expression, so that it is computed once. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  set<T extends ValueType>(local: Local<T>, value: Expression<T>): void {
    this.#push(value.code, [0x21, ...unsigned(local.index)]);
  }

  /** local ← local + amount */
  advance(local: Local<'i32'>, amount: number): void {
    this.set(local, i32.add(local, i32.constant(amount)));
  }

  store(address: I32, value: V128, offset = 0): void {
    this.#push(storeCode.v128(address, value, offset));
  }

  storeFloat(address: I32, value: F32, offset = 0): void {
    this.#push(storeCode.f32(address, value, offset));
  }

  storeInt(address: I32, value: I32, offset = 0): void {
    this.#push(storeCode.i32(address, value, offset));
  }

  /** Stores one lane of a vector. */
  storeLane(address: I32, value: V128, lane: number, offset = 0): void {
    this.#push(storeCode.lane(address, value, lane, offset));
  }

  call(target: FunctionReference, ...values: readonly I32[]): void {
    if (values.length !== target.parameters) throw new RangeError(`a call needs ${target.parameters} arguments`);
    this.#push(...values.map((value) => value.code), [0x10, ...unsigned(target.index)]);
  }

  /** Runs the body once, then again as long as the condition holds. */
  doWhile(body: () => void, condition: () => I32): void {
    this.#push([0x03, VOID_BLOCK]);
    body();
    this.#push(condition().code, [0x0d, 0, END]);
  }

  /** Runs the body as long as the condition holds. */
  while(condition: () => I32, body: () => void): void {
    this.if(condition(), () => {
      this.doWhile(body, condition);
    });
  }

  if(condition: I32, yes: () => void, no?: () => void): void {
    this.#push(condition.code, [0x04, VOID_BLOCK]);
    yes();
    if (no !== undefined) {
      this.#push([0x05]);
      no();
    }
    this.#push([END]);
  }

  /** Entry of the function in the code section: its locals, then its instructions. */
  encode(): number[] {
    const locals = this.#locals.flatMap((type) => [1, typeCodes[type]]);
    const body = unsigned(this.#locals.length).concat(locals, this.#code, [END]);
    return unsigned(body.length).concat(body);
  }

  #push(...code: Code): void {
    for (const part of code) {
      if (typeof part === 'number') this.#code.push(part);
      else this.#push(...part);
    }
  }
}

const localAt = <T extends ValueType>(type: T, index: number): Local<T> => ({
  type,
  index,
  code: [0x20, ...unsigned(index)],
});
