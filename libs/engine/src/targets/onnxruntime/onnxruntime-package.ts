import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { at, FlowlineError, messageOf } from '@flowline/events';

import type { OnnxRuntime } from './onnxruntime-api.ts';

const PACKAGE = 'onnxruntime-node';
/** Version that the tests run with. */
export const TESTED_VERSION = '1.30.0';
/** Without the variable its installation downloads libraries for CUDA, which are not used. */
const INSTALL = `ONNXRUNTIME_NODE_INSTALL=skip npm install ${PACKAGE}@${TESTED_VERSION}`;

const require = createRequire(import.meta.url);

/** Version of the installed package, found without loading it. Null if it is not installed. */
export const onnxRuntimeVersion = (): string | null => {
  try {
    const file = require.resolve(`${PACKAGE}/package.json`);
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw unavailable(`${PACKAGE} cannot be read: ${firstLine(error)}`, `Install it again with \`${INSTALL}\`.`, error);
  }
};

/**
 * Path of the package, for a thread to load. Throws FLOWLINE_BACKEND_UNAVAILABLE if it is not
 * installed.
 */
export const onnxRuntimePath = (): string => {
  if (onnxRuntimeVersion() !== null) return require.resolve(PACKAGE);
  throw unavailable(`the optional npm package ${PACKAGE} is not installed`, `Install it with \`${INSTALL}\`.`);
};

/** Loads the package on this thread. Throws FLOWLINE_BACKEND_UNAVAILABLE. */
export const loadOnnxRuntime = (path: string): OnnxRuntime => {
  try {
    return require(path) as OnnxRuntime;
  } catch (error) {
    throw doesNotLoad(error);
  }
};

/** Error FLOWLINE_BACKEND_UNAVAILABLE of a package that does not load. */
export const doesNotLoad = (cause: unknown): FlowlineError =>
  unavailable(
    `${PACKAGE} ${onnxRuntimeVersion() ?? ''} does not load: ${firstLine(cause)}`,
    'It has builds for Linux with glibc, macOS on arm64, and Windows.',
    cause,
  );

/** Error FLOWLINE_BACKEND_UNAVAILABLE of a model that cannot be opened or run. */
export const cannotRun = (cause: unknown): FlowlineError =>
  unavailable(`ONNX Runtime cannot run the model: ${firstLine(cause)}`, 'See the message.', cause);

/** Error FLOWLINE_BACKEND_UNAVAILABLE of this backend. */
export const unavailable = (why: string, remedy: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', why, {
    where: 'onnxruntime',
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });

/** First line of what an error says: Node adds the places where it looked. */
const firstLine = (error: unknown): string => at(messageOf(error).split('\n'), 0);
