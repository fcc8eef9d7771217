import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';

import { at, FlowlineError, messageOf } from '@flowline/events';
import * as tf from '@tensorflow/tfjs-core';

import { tensorflowFolder } from './tensorflow-folder.ts';
import type { TensorBackend } from './tfjs.ts';

const BACKEND = 'tensorflow';
/** The GPU build comes first: without a GPU it runs on the CPU, and says so. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** Installed package, with the `require` that finds it. */
interface Installed {
  readonly name: (typeof PACKAGES)[number];
  readonly version: string;
  readonly require: NodeJS.Require;
}

/** Properties that the native backend reports. */
interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/**
 * TensorFlow's native library behind the tensor library, through @tensorflow/tfjs-node-gpu or
 * @tensorflow/tfjs-node. Optional. It is looked up on request, among the packages of this program
 * and then in the folder that `npm run tensorflow:install` fills.
 */
export const tensorflowBackend: TensorBackend = {
  name: BACKEND,
  backend: BACKEND,
  start: async () => {
    load();
    if (tf.getBackend() !== BACKEND && !(await tf.setBackend(BACKEND))) throw unavailable('it does not start');
  },
};

/** Installed package as `name version`, found without loading it. Null if there is none. */
export const tensorflowInstalled = (): string | null => {
  const found = findInstalled();
  return found === null ? null : `${found.name} ${found.version}`;
};

/** Device in words, once the backend has started. */
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
        if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw unavailable(firstLine(error), error);
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
    // The package brings all of tfjs. In PROD mode it does not warn about each kernel that is
    // already registered.
    tf.env().set('PROD', true);
    found.require(found.name);
  } catch (cause) {
    failure = unavailable(`${found.name} ${found.version} does not load: ${firstLine(cause)}`, cause);
    throw failure;
  } finally {
    tf.env().set('PROD', isProd);
    // On load the package makes itself the current backend.
    if (current in tf.engine().registry) void tf.setBackend(current);
  }
  if (!(BACKEND in tf.engine().registryFactory)) {
    failure = unavailable(`${found.name} ${found.version} comes with another version of tfjs-core`);
    throw failure;
  }
};

/** Restores util.isNullOrUndefined, which Node 23 removed and tfjs-node still calls. */
const restoreIsNullOrUndefined = (): void => {
  if ('isNullOrUndefined' in util) return;
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
};

/** First line of what an error says: Node adds the places where it looked. */
const firstLine = (error: unknown): string => at(messageOf(error).split('\n'), 0);

const unavailable = (why: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', why, {
    where: BACKEND,
    remedy:
      'Install it with `npm run tensorflow:install` (or add @tensorflow/tfjs-node to your project), or name its folder by FLOWLINE_TENSORFLOW_DIR.',
    ...(cause === undefined ? {} : { cause }),
  });
