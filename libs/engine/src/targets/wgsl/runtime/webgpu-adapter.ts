import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import { FlowlineError } from '@flowline/events';

import type { Gpu, GpuAdapter, GpuAdapterInfo, WebGpuModule } from './webgpu-api.ts';

/** Device that WebGPU would use here, or the reason why there is none. */
export type GpuProbe =
  | {
      readonly available: true;
      readonly device: string;
      /** True for a GPU emulated on the CPU. */
      readonly software: boolean;
    }
  | { readonly available: false; readonly reason: string };

/** Finds the GPU that the backend `webgpu` would use. */
export const probeWebGpu = async (): Promise<GpuProbe> => {
  try {
    const { info } = await findAdapter();
    return { available: true, device: deviceName(info), software: isSoftware(info) };
  } catch (error) {
    if (error instanceof FlowlineError) return { available: false, reason: error.message };
    throw error;
  }
};

/** Dawn must outlive the objects that it made, so it must not be collected. */
let gpu: Gpu | null = null;

/**
 * Adapter of the fastest GPU. Rejects with FLOWLINE_BACKEND_UNAVAILABLE, and the reason, if there
 * is none.
 */
export const findAdapter = async (): Promise<GpuAdapter> => {
  if (process.platform === 'linux' && !hasVulkanDriver()) {
    throw unavailable('there is no Vulkan driver on this machine', "Install your GPU's Vulkan driver");
  }
  gpu ??= (await loadModule()).create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw unavailable('WebGPU finds no GPU on this machine', "Install your GPU's driver");
  return adapter;
};

const loadModule = async (): Promise<WebGpuModule> => {
  // A name that the compiler does not resolve, because the package is optional.
  const name = 'webgpu';
  try {
    return (await import(name)) as WebGpuModule;
  } catch (cause) {
    throw unavailable(
      "the optional npm package 'webgpu' is not installed, or has no build for this system",
      'Install it',
      cause,
    );
  }
};

const unavailable = (reason: string, remedy: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', reason, {
    where: 'webgpu',
    remedy: `${remedy}, or choose another compute backend.`,
    cause,
  });

/**
 * True if the Vulkan loader would find a driver. Without one Dawn prints warnings of that loader,
 * so the same places are searched first.
 */
export const hasVulkanDriver = (): boolean => {
  const { env } = process;
  if (['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES'].some((name) => (env[name] ?? '') !== ''))
    return true;
  const roots = [
    env.XDG_CONFIG_HOME ?? path.join(homedir(), '.config'),
    env.XDG_DATA_HOME ?? path.join(homedir(), '.local/share'),
    ...(env.XDG_CONFIG_DIRS ?? '/etc/xdg').split(':'),
    ...(env.XDG_DATA_DIRS ?? '/usr/local/share:/usr/share').split(':'),
    '/etc',
    '/usr/local/etc',
  ];
  return roots
    .map((root) => path.join(root, 'vulkan/icd.d'))
    .some((folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.json')));
};

const deviceName = ({ description, device, architecture, vendor }: GpuAdapterInfo): string =>
  [device, description].filter((part) => part !== '').join(', ') ||
  [vendor, architecture].join(' ').trim() ||
  'unknown';

/**
 * True for an adapter on the CPU. WebGPU marks these as fallback adapters; the names are for
 * drivers that do not.
 */
export const isSoftware = (info: GpuAdapterInfo): boolean =>
  info.isFallbackAdapter ||
  /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(
    [info.vendor, info.architecture, info.device, info.description].join(' '),
  );
