import { unsigned } from './bytes.ts';
import { i32, storeCode } from './expression.ts';
import type { Code, Expression, F32, I32, Local, V128, ValueType } from './expression.ts';
import { Opcode, TypeCode } from './opcodes.ts';

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
    this.#push(value.code, [Opcode.localSet, ...unsigned(local.index)]);
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
    this.#push(...values.map((value) => value.code), [Opcode.call, ...unsigned(target.index)]);
  }

  /** Runs the body once, then again as long as the condition holds. */
  doWhile(body: () => void, condition: () => I32): void {
    this.#push([Opcode.loop, TypeCode.void]);
    body();
    this.#push(condition().code, [Opcode.brIf, 0, Opcode.end]);
  }

  /** Runs the body as long as the condition holds. */
  while(condition: () => I32, body: () => void): void {
    this.if(condition(), () => {
      this.doWhile(body, condition);
    });
  }

  if(condition: I32, yes: () => void, no?: () => void): void {
    this.#push(condition.code, [Opcode.if, TypeCode.void]);
    yes();
    if (no !== undefined) {
      this.#push([Opcode.else]);
      no();
    }
    this.#push([Opcode.end]);
  }

  /** Entry of the function in the code section: its locals, then its instructions. */
  encode(): number[] {
    const locals = this.#locals.flatMap((type) => [1, TypeCode[type]]);
    const body = unsigned(this.#locals.length).concat(locals, this.#code, [Opcode.end]);
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
  code: [Opcode.localGet, ...unsigned(index)],
});
