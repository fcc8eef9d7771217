/*
 * The part of the WebAssembly JavaScript interface that the engine uses. It is not in the libraries that TypeScript has for
 * Node, only in the one for browsers.
 */

/** A compiled module; it can be sent to another thread. */
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

/** The engine's own WebAssembly. */
export const webAssembly = WebAssembly;
