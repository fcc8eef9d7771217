import { printableJson } from '@flowline/events';
import { type DestinationStream, pino } from 'pino';
import { default as pretty } from 'pino-pretty';

import { scrubSecrets } from './scrub-secrets.ts';
import { terminalLine } from './terminal-line.ts';

/** The levels of a log, least first. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

type LogFields = Readonly<Record<string, unknown>>;

/** A structured log: fields, then one sentence. An error goes into the field `err`. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  /** The service: `scorer`, `trainer`, `cli`. */
  readonly name: string;
  readonly level?: LogLevel;
  /** Where lines go; standard error by default, so that standard output stays for results. */
  readonly destination?: { write(line: string): void };
}

/**
 * A logger that writes one JSON object per line, or words where standard error is a terminal.
 * Passwords within URLs, and fields called like a secret, are masked wherever they stand in a line;
 * nothing in a line is obeyed by a terminal.
 */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => scrubSecrets(fields) as Record<string, unknown>,
      bindings: ({ name: service }: Record<string, unknown>) => ({ service, pid: process.pid }),
    },
    // Errors are turned into plain data by scrubSecrets.
    serializers: { err: (value: unknown) => value },
    hooks: {
      logMethod(this: unknown, args: unknown[], method: (...args: unknown[]) => void) {
        method.apply(
          this,
          args.map((argument) => (typeof argument === 'string' ? scrubSecrets(argument) : argument)),
        );
      },
    },
  };
  const log = pino(options, mapped(destination ?? standardError(), printableJson));
  return wrap(log);
}

/** Synchronous, because the lines before a crash are the ones that matter; for a person on a terminal, in words. */
function standardError(): DestinationStream {
  if (!process.stderr.isTTY) return unfailing(pino.destination({ dest: 2, sync: true, maxLength: UNWRITTEN_BYTES }));
  const words = pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.hasColors() && process.env.NO_COLOR === undefined,
    ignore: 'service,pid',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:sso',
  });
  return mapped(unfailing(words), terminalLine);
}

/** Of lines that cannot be written now, as where a disk is full, so many bytes are kept. */
const UNWRITTEN_BYTES = 1_000_000;

/** A stream whose failures end nothing: where a log cannot be written, nobody can be told. */
function unfailing<S extends { on(event: 'error', listener: () => void): unknown }>(stream: S): S {
  stream.on('error', () => undefined);
  return stream;
}

/** A destination of lines as `change` gives them. */
function mapped(destination: { write(line: string): unknown }, change: (line: string) => string): DestinationStream {
  return { write: (line) => void destination.write(change(line)) };
}

interface PinoLike {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: LogFields): PinoLike;
}

function wrap(log: PinoLike): Logger {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    child: (fields) => wrap(log.child(scrubSecrets(fields) as LogFields)),
  };
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
