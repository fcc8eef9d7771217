import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { at, FlowlineError, messageOf } from '@flowline/events';

const PACKAGE = 'onnxruntime-node';
/** Version that the tests run with. */
export const TESTED_VERSION = '1.30.0';
/** Without the variable its installation downloads libraries for CUDA, which are not used. */
const INSTALL = `ONNXRUNTIME_NODE_INSTALL=skip npm install ${PACKAGE}@${TESTED_VERSION}`;

/** Installed package. */
export interface OnnxRuntimePackage {
  readonly version: string;
  /** File that a thread loads. */
  readonly path: string;
}

/**
 * Installed package, found without loading it. Null if there is none. Throws
 * FLOWLINE_BACKEND_UNAVAILABLE if it is damaged.
 * @param from file that would import the package.
 */
export const findOnnxRuntime = (from: string = import.meta.url): OnnxRuntimePackage | null => {
  const require = createRequire(from);
  try {
    const file = require.resolve(`${PACKAGE}/package.json`);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
    return { version, path: require.resolve(PACKAGE) };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw unavailable(`${PACKAGE} is damaged: ${firstLine(error)}`, `Install it again with \`${INSTALL}\`.`, error);
  }
};

/** Installed package. Throws FLOWLINE_BACKEND_UNAVAILABLE without one. */
export const installedOnnxRuntime = (from?: string): OnnxRuntimePackage => {
  const found = findOnnxRuntime(from);
  if (found !== null) return found;
  throw unavailable(`the optional npm package ${PACKAGE} is not installed`, `Install it with \`${INSTALL}\`.`);
};

/** Error FLOWLINE_BACKEND_UNAVAILABLE of a package that does not load. */
export const doesNotLoad = ({ version }: OnnxRuntimePackage, cause: unknown): FlowlineError =>
  unavailable(
    `${PACKAGE} ${version} does not load: ${firstLine(cause)}`,
    `It has builds for Linux with glibc, macOS on arm64, and Windows; ${TESTED_VERSION} is the version tested.`,
    cause,
  );

/** Error FLOWLINE_BACKEND_UNAVAILABLE of a model that cannot be opened or run. */
export const cannotRun = (cause: unknown): FlowlineError =>
  unavailable(
    `ONNX Runtime cannot run the model: ${firstLine(cause)}`,
    'Choose another compute backend for this model.',
    cause,
  );

/** Error FLOWLINE_BACKEND_UNAVAILABLE of this backend. */
export const unavailable = (why: string, remedy: string, cause?: unknown): FlowlineError =>
  new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', why, {
    where: 'onnxruntime',
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });

/** True for the error of a package that is not there. */
const isAbsent = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' &&
  messageOf(error).includes(`'${PACKAGE}/package.json'`);

/** First line of what an error says: Node adds the places where it looked. */
const firstLine = (error: unknown): string => at(messageOf(error).split('\n'), 0);
