import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';

import { FlowlineError } from '@flowline/events';
import * as tf from '@tensorflow/tfjs-core';

import { tensorflowFolder } from './tensorflow-folder.ts';
import type { TensorBackend } from './tfjs.ts';

const BACKEND = 'tensorflow';
/** The GPU build first: without a GPU it computes on the processor, and says so. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** A package that can be loaded. */
interface Installed {
  readonly name: (typeof PACKAGES)[number];
  readonly version: string;
  readonly require: NodeJS.Require;
}

/** What the native backend says of itself. */
interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/**
 * TensorFlow's own library behind the tensor library, through @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node: optional, found
 * when it is asked for, among the packages of this program or in the folder that `npm run tensorflow:install` fills.
 */
export const tensorflowBackend: TensorBackend = {
  name: BACKEND,
  backend: BACKEND,
  start: async () => {
    load();
    if (tf.getBackend() !== BACKEND && !(await tf.setBackend(BACKEND))) throw unavailable('it does not start');
  },
};

/** What is installed, as `name version`, without loading it; null where nothing is. */
export const tensorflowInstalled = (): string | null => {
  const found = findInstalled();
  return found === null ? null : `${found.name} ${found.version}`;
};

/** What runs, in words; only once the backend has started. */
export const tensorflowDevice = (): string => {
  const native = tf.findBackend(BACKEND) as NativeBackend;
  const device = native.isUsingGpuDevice === true ? 'GPU' : 'processor';
  return `${device}, TensorFlow ${native.binding?.TF_Version ?? 'of unknown version'} (${tensorflowInstalled() ?? ''})`;
};

const findInstalled = (): Installed | null => {
  const places = [import.meta.url, path.join(tensorflowFolder(), 'package.json')].map((place) => createRequire(place));
  for (const require of places) {
    for (const name of PACKAGES) {
      try {
        const file = require.resolve(`${name}/package.json`);
        const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
        return { name, version, require };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw unavailable(messageOf(error), error);
      }
    }
  }
  return null;
};

let failure: FlowlineError | null = null;

const load = (): void => {
  if (BACKEND in tf.engine().registryFactory) return;
  if (failure !== null) throw failure;
  const found = findInstalled();
  if (found === null) throw unavailable('neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed');
  const [current, isProd] = [tf.getBackend(), tf.env().getBool('PROD')];
  restoreIsNullOrUndefined();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    // The package brings the whole of tfjs: what of it is here already would be announced kernel by kernel.
    tf.env().set('PROD', true);
    found.require(found.name);
  } catch (cause) {
    failure = unavailable(`${found.name} ${found.version} does not load: ${messageOf(cause)}`, cause);
    throw failure;
  } finally {
    tf.env().set('PROD', isProd);
    // It makes itself the current backend.
    if (current in tf.engine().registry) void tf.setBackend(current);
  }
  if (!(BACKEND in tf.engine().registryFactory)) {
    failure = unavailable(`${found.name} ${found.version} comes with another version of tfjs-core`);
    throw failure;
  }
};

/** Node 23 has removed it, and tfjs-node still calls it. */
const restoreIsNullOrUndefined = (): void => {
  if ('isNullOrUndefined' in util) return;
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
};

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

const unavailable = (why: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', why, {
    where: BACKEND,
    remedy:
      'Install it with `npm run tensorflow:install` (or add @tensorflow/tfjs-node to your project), or name its folder by FLOWLINE_TENSORFLOW_DIR.',
    ...(cause === undefined ? {} : { cause }),
  });
