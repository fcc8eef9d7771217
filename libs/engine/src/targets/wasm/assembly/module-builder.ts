import { name, signed, unsigned } from './bytes.ts';
import { FunctionBuilder } from './function-builder.ts';
import type { FunctionReference } from './function-builder.ts';
import { Opcode, TypeCode } from './opcodes.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
export const PAGE_BYTES = 65_536;
/** Flags of a shared memory with a maximum. */
const SHARED_LIMITS = 3;
/** `FUNCTION_NAMES` is a part of the custom section `name`, for profilers and disassemblers. */
const FUNCTION_NAMES = 1;
const Section = { custom: 0, type: 1, import: 2, function: 3, memory: 5, export: 7, code: 10, data: 11 } as const;

/**
 * Assembles functions and constants into one self-contained WebAssembly module that exports its
 * memory as `memory`.
 */
export class ModuleBuilder {
  readonly #functions: FunctionBuilder[] = [];
  /** Functions by key, which is also their name. In the order of their indices. */
  readonly #shared = new Map<string, FunctionReference>();
  readonly #exports: { readonly name: string; readonly index: number }[] = [];
  readonly #data: { readonly address: number; readonly bytes: Uint8Array }[] = [];

  /** Defines a function. Functions with the same key are the same function and are written once. */
  define(key: string, parameters: number, write: (f: FunctionBuilder) => void): FunctionReference {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const f = new FunctionBuilder(parameters);
    write(f);
    const reference = { index: this.#functions.push(f) - 1, parameters };
    this.#shared.set(key, reference);
    return reference;
  }

  export(exported: string, target: FunctionReference): void {
    this.#exports.push({ name: exported, index: target.index });
  }

  /** Initial bytes of memory at an address. */
  data(address: number, values: Float32Array | Int32Array | Uint8Array): void {
    this.#data.push({ address, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) });
  }

  /** Encodes the module, with a memory of at least `memoryBytes`. */
  build(memoryBytes: number): Uint8Array<ArrayBuffer> {
    const pages = Math.ceil(memoryBytes / PAGE_BYTES);
    const memory = section(Section.memory, [[1, 1, ...unsigned(pages), ...unsigned(pages)]]);
    return this.#assemble({ memory, exports: [[...name('memory'), 2, 0]] });
  }

  /** Encodes the module over a shared memory of that many pages, imported as `env.memory`. */
  buildShared(pages: number): Uint8Array<ArrayBuffer> {
    const limits = [SHARED_LIMITS, ...unsigned(pages), ...unsigned(pages)];
    const imports = section(Section.import, [[1, ...name('env'), ...name('memory'), 2, ...limits]]);
    return this.#assemble({ imports, exports: [] });
  }

  #assemble(memory: {
    readonly imports?: readonly Bytes[];
    readonly memory?: readonly Bytes[];
    readonly exports: readonly number[][];
  }): Uint8Array<ArrayBuffer> {
    const types = this.#functions.map((f) => [
      TypeCode.function,
      f.parameters.length,
      ...f.parameters.map(() => TypeCode.i32),
      0,
    ]);
    const exports = this.#exports.map((entry) => [...name(entry.name), 0, ...unsigned(entry.index)]);
    exports.push(...memory.exports);
    const parts: (readonly number[] | Uint8Array)[] = [
      HEADER,
      ...section(Section.type, vector(types)),
      ...(memory.imports ?? []),
      ...section(Section.function, vector(this.#functions.map((_, index) => unsigned(index)))),
      ...(memory.memory ?? []),
      ...section(Section.export, vector(exports)),
      ...section(Section.code, vector(this.#functions.map((f) => f.encode()))),
      ...section(Section.data, [
        unsigned(this.#data.length),
        ...this.#data.flatMap(({ address, bytes }) => [
          [0, Opcode.i32Const, ...signed(address), Opcode.end, ...unsigned(bytes.length)],
          bytes,
        ]),
      ]),
      ...section(Section.custom, [name('name'), ...section(FUNCTION_NAMES, vector(this.#names()))]),
    ];
    return concatenate(parts);
  }

  #names(): number[][] {
    return [...this.#shared].map(([key, { index }]) => [...unsigned(index), ...name(key)]);
  }
}

type Bytes = readonly number[] | Uint8Array;

const vector = (items: readonly (readonly number[])[]): Bytes[] => [unsigned(items.length), ...items];

const section = (id: number, content: readonly Bytes[]): Bytes[] => [
  [id, ...unsigned(content.reduce((total, part) => total + part.length, 0))],
  ...content,
];

const concatenate = (parts: readonly Bytes[]): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};
