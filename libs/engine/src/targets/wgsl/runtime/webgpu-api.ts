/*
 * Part of WebGPU that the engine uses, and the module that provides it in Node: the npm package
 * `webgpu` (Dawn). Its own types cannot be used, because it is an optional dependency.
 */

export interface GpuAdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter: boolean;
}

/** Limits that the engine requests of a device, by their WebGPU names. */
export const wantedLimits = ['maxComputeWorkgroupStorageSize', 'maxStorageBufferBindingSize', 'maxBufferSize'] as const;
export type GpuLimits = Readonly<Record<(typeof wantedLimits)[number], number>>;

export interface GpuAdapter {
  readonly info: GpuAdapterInfo;
  readonly limits: GpuLimits;
  requestDevice(descriptor: { readonly requiredLimits: GpuLimits }): Promise<GpuDevice>;
}

export interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number, offset: number, size: number): Promise<void>;
  getMappedRange(offset: number, size: number): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

export interface GpuPipeline {
  getBindGroupLayout(index: number): GpuBindGroupLayout;
}

interface Opaque<T> {
  readonly __opaque?: T;
}
export type GpuBindGroupLayout = Opaque<'layout'>;
export type GpuBindGroup = Opaque<'group'>;
export type GpuShaderModule = Opaque<'module'>;
export type GpuCommandBuffer = Opaque<'commands'>;

export interface GpuComputePass {
  setPipeline(pipeline: GpuPipeline): void;
  setBindGroup(index: number, group: GpuBindGroup): void;
  dispatchWorkgroups(count: number): void;
  end(): void;
}

export interface GpuCommandEncoder {
  beginComputePass(): GpuComputePass;
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, size: number): void;
  finish(): GpuCommandBuffer;
}

export interface GpuDevice {
  readonly limits: GpuLimits;
  /** Resolves when the device can no longer be used. */
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: Float32Array | Uint32Array, from: number, count: number): void;
    submit(commands: readonly GpuCommandBuffer[]): void;
  };
  createBuffer(descriptor: { readonly size: number; readonly usage: number }): GpuBuffer;
  createShaderModule(descriptor: { readonly code: string }): GpuShaderModule;
  createComputePipelineAsync(descriptor: {
    readonly layout: 'auto';
    readonly compute: { readonly module: GpuShaderModule; readonly entryPoint: string };
  }): Promise<GpuPipeline>;
  createBindGroup(descriptor: {
    readonly layout: GpuBindGroupLayout;
    readonly entries: readonly { readonly binding: number; readonly resource: { readonly buffer: GpuBuffer } }[];
  }): GpuBindGroup;
  createCommandEncoder(): GpuCommandEncoder;
  pushErrorScope(filter: 'validation' | 'out-of-memory'): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
  destroy(): void;
}

export interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<GpuAdapter | null>;
}

/** Module `webgpu`. */
export interface WebGpuModule {
  create(options: readonly string[]): Gpu;
}

/** Bits of GPUBufferUsage and GPUMapMode, from the specification. */
export const BufferUsage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
export const MAP_MODE_READ = 0x1;
