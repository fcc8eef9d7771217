/*
 * Part of the WebAssembly JavaScript interface that the engine uses. TypeScript has it only in its
 * library for browsers, not in those for Node.
 */

/** Compiled module. It can be sent to another thread. */
export interface WasmModule {
  readonly __module?: never;
}

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface WasmInstance {
  readonly exports: Readonly<Record<string, WasmMemory | ((n: number) => void) | undefined>>;
}

declare const WebAssembly: {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule>;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule) => WasmInstance;
  readonly Memory: { readonly prototype: WasmMemory } & (abstract new () => WasmMemory);
};

/** WebAssembly of the JavaScript engine. */
export const webAssembly = WebAssembly;
