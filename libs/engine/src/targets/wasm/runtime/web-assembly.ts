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

/** Memory that several threads share. */
export interface SharedWasmMemory {
  readonly buffer: SharedArrayBuffer;
}

interface WasmInstance {
  readonly exports: Readonly<Record<string, WasmMemory | ((...values: readonly number[]) => void) | undefined>>;
}

declare const WebAssembly: {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule>;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports?: { readonly env: { readonly memory: SharedWasmMemory } },
  ) => WasmInstance;
  readonly Memory: { readonly prototype: WasmMemory } & (new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => SharedWasmMemory);
};

/** WebAssembly of the JavaScript engine. */
export const webAssembly = WebAssembly;
