import { printableJson } from '@flowline/events';
import { type DestinationStream, pino } from 'pino';
import { default as pretty } from 'pino-pretty';

import { scrubSecrets } from './scrub-secrets.ts';
import { terminalLine } from './terminal-line.ts';

/** Log levels, lowest first. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

type LogFields = Readonly<Record<string, unknown>>;

/** Structured logger: fields, then one sentence. Errors go into the field `err`. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Creates a logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  /** Service name: `scorer`, `trainer`, `cli`. */
  readonly name: string;
  readonly level?: LogLevel;
  /**
   * Destination of log lines. Default: standard error, so that standard output is reserved for
   * results.
   */
  readonly destination?: { write(line: string): void };
}

/**
 * Creates a logger that writes one JSON object per line, or readable text if standard error is a
 * terminal. Passwords in URLs, and fields with the name of a secret, are masked wherever they occur
 * in a line. Control characters are escaped, so that no line can control a terminal.
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
    // scrubSecrets has already turned errors into plain data.
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

/**
 * Destination on standard error: synchronous, because the lines before a crash matter most;
 * readable text on a terminal.
 */
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

/**
 * Maximum number of bytes kept while lines cannot be written, for example because a disk is full.
 */
const UNWRITTEN_BYTES = 1_000_000;

/** Ignores the errors of a stream: if the log cannot be written, there is nowhere to report it. */
function unfailing<S extends { on(event: 'error', listener: () => void): unknown }>(stream: S): S {
  stream.on('error', () => undefined);
  return stream;
}

/** Wraps a destination so that each line passes through `change`. */
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

/** Logger that discards everything. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
