import { readFileSync } from 'node:fs';

import { FlowlineError } from '@flowline/events';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The value that a setting stands for: `env:NAME` is that variable, `file:/path` the content of that file (without the
 * line break at its end), anything else is the value itself.
 * @throws FlowlineError FLOWLINE_SECRET_MISSING; the message never holds a value.
 */
export function resolveSecret(reference: string, env: Environment, where: string): string {
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length);
    const value = env[name];
    if (value === undefined || value === '') {
      throw missing(`${where} refers to the variable ${name}, which is not set`, where, `Set ${name}.`);
    }
    return value;
  }
  if (reference.startsWith('file:')) {
    const file = reference.slice('file:'.length);
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw missing(`${where} refers to the file ${file}, which cannot be read`, where, `Check ${file}.`, error);
    }
  }
  return reference;
}

function missing(message: string, where: string, remedy: string, cause?: unknown): FlowlineError {
  return new FlowlineError('FLOWLINE_SECRET_MISSING', message, { where, remedy, cause });
}
