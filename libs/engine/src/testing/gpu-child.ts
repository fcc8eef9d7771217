import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { GpuProbe } from '../backends/webgpu-adapter.ts';
import type { Plan } from '../plan.ts';

/** Rows to run through one scorer of a plan. */
export interface GpuJob {
  readonly plan: Plan;
  /** Workgroup memory that the shader may use (default: the backend's choice). */
  readonly workgroupBytes?: number;
  readonly calls: readonly {
    readonly output: 'score' | 'latent' | 'gradient';
    readonly rows: Float32Array;
    readonly n: number;
  }[];
}

export type GpuAnswer = { readonly results: readonly (Float32Array | Float64Array)[] } | { readonly error: string };

/** Debian's chromium brings a Vulkan driver that runs on the processor. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * A process of its own that scores with the backend `webgpu`: the driver is chosen by its environment, which the one of a
 * test cannot change, and what it leaves behind ends with it.
 */
export class GpuChild {
  readonly probe: GpuProbe;
  readonly #child: ChildProcess;

  /** Starts the process; on a machine that names no Vulkan driver it uses that of Debian's chromium, if there. */
  static async start(): Promise<GpuChild> {
    const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
    const driver = named ?? (existsSync(SOFTWARE_DRIVER) ? SOFTWARE_DRIVER : undefined);
    const child = fork(fileURLToPath(new URL('gpu-child-main.ts', import.meta.url)), {
      execArgv: ['--conditions=flowline:source', '--import', 'tsx'],
      serialization: 'advanced',
      env: { ...process.env, ...(driver === undefined ? {} : { VK_ICD_FILENAMES: driver }) },
    });
    return new GpuChild(child, (await answerOf(child)) as GpuProbe);
  }

  private constructor(child: ChildProcess, probe: GpuProbe) {
    this.#child = child;
    this.probe = probe;
  }

  /** Runs one job; jobs must not overlap. Rejects when the backend does. */
  async run(job: GpuJob): Promise<readonly (Float32Array | Float64Array)[]> {
    const answer = answerOf(this.#child) as Promise<GpuAnswer>;
    this.#child.send(job);
    const settled = await answer;
    if ('error' in settled) throw new Error(settled.error);
    return settled.results;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }
}

const answerOf = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`the process with the GPU ended: ${code ?? signal}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
  });
