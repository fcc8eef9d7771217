import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

import { FlowlineError } from '@flowline/events';

/** Environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** True if a setting refers to its value instead of holding it. */
export const isReference = (written: string): boolean => /^(env|file):/.test(written);

/** A setting, as {@link resolveSecret} reads it. */
export interface WrittenSetting {
  /** Name of the variable that holds the setting. */
  readonly name: string;
  readonly written: string;
  /**
   * True for a secret. Then messages do not quote even the reference, which may be the secret
   * itself, misplaced.
   */
  readonly isSecret: boolean;
}

/**
 * Resolves a setting to its value: `env:NAME` is that variable, `file:/path` the content of that
 * file (without a final line break), and anything else is the value itself.
 * @throws FlowlineError FLOWLINE_SECRET_MISSING; the message never contains a value.
 */
export function resolveSecret({ name, written, isSecret }: WrittenSetting, env: Environment): string {
  if (!isReference(written)) return written;
  const target = written.slice(written.indexOf(':') + 1);
  if (written.startsWith('env:')) {
    const value = env[target];
    if (value !== undefined && value !== '') return value;
    const shown = isSecret || !VARIABLE.test(target) ? null : target;
    throw missing(name, shown === null ? 'a variable' : `the variable ${shown}`, 'is not set', `set ${shown ?? 'it'}`);
  }
  try {
    const value = readSmallFile(target).replace(/\r?\n$/, '');
    if (value === '') throw Object.assign(new Error(), { code: 'empty' });
    return value;
  } catch (error) {
    const shown = isSecret || !PATH.test(target) ? null : target;
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    const what = shown === null ? 'a file' : `the file ${shown}`;
    throw missing(name, what, `cannot be read (${code})`, `check ${shown ?? 'its path and permissions'}`);
  }
}

const MAX_BYTES = 65_536;

/** Reads a file, and nothing that may never end, such as a pipe or a device. */
function readSmallFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw Object.assign(new Error(), { code: 'not a regular file' });
    if (found.size > MAX_BYTES) throw Object.assign(new Error(), { code: 'more than 64 KiB' });
    // Empty, or made up by the kernel, such as /proc/self/environ with every setting in it.
    if (found.size === 0) throw Object.assign(new Error(), { code: 'empty' });
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

const VARIABLE = /^[A-Za-z_]\w*$/;
/** Text that looks like a path, and not like an address with a login. */
const PATH = /^[\w./ -]+$/;

/**
 * Error without its cause: the file system's message quotes the supposed path, which may be a
 * secret.
 */
function missing(where: string, what: string, fault: string, remedy: string): FlowlineError {
  return new FlowlineError('FLOWLINE_SECRET_MISSING', `refers to ${what}, which ${fault}`, { where, remedy });
}
