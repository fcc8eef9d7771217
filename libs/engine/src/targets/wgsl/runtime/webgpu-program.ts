import { FlowlineError } from '@flowline/events';

import { BufferUsage, MAP_MODE_READ } from './webgpu-api.ts';
import type { GpuBindGroup, GpuBuffer, GpuDevice, GpuPipeline } from './webgpu-api.ts';
import type { ShaderCode } from '../emit-score.ts';

/** Maximum rows per dispatch. More rows take several dispatches. */
const LARGEST_DISPATCH = 65_536;
const SMALLEST_CAPACITY = 256;
const FLOAT_BYTES = 4;

/** Buffers for up to `capacity` rows. */
interface Buffers {
  readonly capacity: number;
  readonly all: readonly GpuBuffer[];
  readonly job: GpuBuffer;
  readonly rows: GpuBuffer;
  readonly results: GpuBuffer;
  /** Buffer from which the CPU reads the results. */
  readonly staging: GpuBuffer;
  readonly bindings: GpuBindGroup;
}

/**
 * Compiled shader on its device, for one run at a time. Its buffers grow with the batches and are
 * freed with the device.
 */
export class GpuProgram {
  readonly #device: GpuDevice;
  readonly #shader: ShaderCode;
  readonly #pipeline: GpuPipeline;
  /** Weights and calls. */
  readonly #constants: readonly GpuBuffer[];
  readonly #rowWidth: number;
  readonly #resultWidth: number;
  readonly #largest: number;
  #buffers: Buffers | null = null;
  /** Reason why the device can no longer be used. */
  #lost: string | null = null;

  /**
   * Compiles a shader. Rejects with FLOWLINE_BACKEND_UNAVAILABLE if the GPU does not accept the
   * shader or its weights.
   */
  static async compile(
    device: GpuDevice,
    shader: ShaderCode,
    rowWidth: number,
    resultWidth: number,
  ): Promise<GpuProgram> {
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    const bytesPerRow = Math.max(FLOAT_BYTES * rowWidth, FLOAT_BYTES * resultWidth, shader.scratchBytes / shader.rows);
    const largest = Math.min(LARGEST_DISPATCH, Math.floor(most / bytesPerRow / shader.rows) * shader.rows);
    if (shader.weights.byteLength > most || largest === 0) {
      throw refused(`a model of ${shader.weights.byteLength} bytes does not fit this GPU's buffers of ${most}`);
    }
    const pipeline = await inScope(device, () =>
      device.createComputePipelineAsync({
        layout: 'auto',
        compute: { module: device.createShaderModule({ code: shader.code }), entryPoint: 'main' },
      }),
    );
    const constants = await inScope(device, () =>
      [shader.weights, shader.calls].map((data) => {
        const buffer = device.createBuffer({
          size: data.byteLength,
          usage: BufferUsage.storage | BufferUsage.copyTarget,
        });
        device.queue.writeBuffer(buffer, 0, data, 0, data.length);
        return buffer;
      }),
    );
    return new GpuProgram(device, shader, pipeline, constants, rowWidth, resultWidth, largest);
  }

  private constructor(
    device: GpuDevice,
    shader: ShaderCode,
    pipeline: GpuPipeline,
    constants: readonly GpuBuffer[],
    rowWidth: number,
    resultWidth: number,
    largest: number,
  ) {
    this.#device = device;
    this.#shader = shader;
    this.#pipeline = pipeline;
    this.#constants = constants;
    this.#rowWidth = rowWidth;
    this.#resultWidth = resultWidth;
    this.#largest = largest;
    void device.lost.then(({ message }) => {
      this.#lost = message;
    });
  }

  /** Runs n rows. Rejects with FLOWLINE_BACKEND_UNAVAILABLE if the device is lost. */
  async run(rows: Float32Array, n: number, results: Float32Array | Float64Array): Promise<void> {
    for (let first = 0; first < n; first += this.#largest) {
      await this.#dispatch(rows, first, Math.min(this.#largest, n - first), results);
    }
  }

  async #dispatch(rows: Float32Array, first: number, n: number, results: Float32Array | Float64Array): Promise<void> {
    if (this.#lost !== null) throw refused(`the GPU was lost: ${this.#lost}`);
    const { queue } = this.#device;
    const buffers = await this.#buffersFor(n);
    queue.writeBuffer(buffers.job, 0, Uint32Array.of(n), 0, 1);
    queue.writeBuffer(buffers.rows, 0, rows, first * this.#rowWidth, n * this.#rowWidth);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, buffers.bindings);
    pass.dispatchWorkgroups(Math.ceil(n / this.#shader.rows));
    pass.end();
    const bytes = n * this.#resultWidth * FLOAT_BYTES;
    encoder.copyBufferToBuffer(buffers.results, 0, buffers.staging, 0, bytes);
    queue.submit([encoder.finish()]);
    try {
      await buffers.staging.mapAsync(MAP_MODE_READ, 0, bytes);
    } catch (cause) {
      throw refused(`the GPU gave no answer: ${String(cause)}`, cause);
    }
    results.set(new Float32Array(buffers.staging.getMappedRange(0, bytes)), first * this.#resultWidth);
    buffers.staging.unmap();
  }

  async #buffersFor(n: number): Promise<Buffers> {
    if (this.#buffers !== null && this.#buffers.capacity >= n) return this.#buffers;
    for (const buffer of this.#buffers?.all ?? []) buffer.destroy();
    this.#buffers = null;
    const doubled = 2 ** Math.ceil(Math.log2(Math.max(n, SMALLEST_CAPACITY)));
    this.#buffers = await inScope(this.#device, () => this.#allocate(Math.min(doubled, this.#largest)));
    return this.#buffers;
  }

  #allocate(capacity: number): Buffers {
    const { storage, copyTarget, copySource, mapRead, uniform } = BufferUsage;
    const all: GpuBuffer[] = [];
    const create = (size: number, usage: number): GpuBuffer => {
      const buffer = this.#device.createBuffer({ size, usage });
      all.push(buffer);
      return buffer;
    };
    const resultBytes = capacity * this.#resultWidth * FLOAT_BYTES;
    const job = create(16, uniform | copyTarget);
    const rows = create(capacity * this.#rowWidth * FLOAT_BYTES, storage | copyTarget);
    const results = create(resultBytes, storage | copySource);
    const staging = create(resultBytes, mapRead | copyTarget);
    const bound = [job, rows, ...this.#constants, results];
    if (this.#shader.scratchBytes > 0) {
      bound.push(create(Math.ceil(capacity / this.#shader.rows) * this.#shader.scratchBytes, storage));
    }
    const bindings = this.#device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return { capacity, all, job, rows, results, staging, bindings };
  }
}

/** Runs requests to the device in an error scope, and rejects if the device refuses them. */
const inScope = async <T>(device: GpuDevice, ask: () => T | Promise<T>): Promise<T> => {
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  const [outcome] = await Promise.allSettled([(async () => ask())()]);
  const problem = [await device.popErrorScope(), await device.popErrorScope()].find((found) => found !== null);
  if (problem) throw refused(problem.message);
  if (outcome.status === 'rejected') throw refused(String(outcome.reason), outcome.reason);
  return outcome.value;
};

const refused = (reason: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', reason, {
    where: 'webgpu',
    remedy: 'Choose another compute backend for this model.',
    cause,
  });
