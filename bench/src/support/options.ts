import { parseArgs } from 'node:util';

import { FlowlineError, messageOf } from '@flowline/events';

/** An option besides --quick and --json. */
export interface BenchOption {
  /** Name of its value in the usage line. Absent for a switch without a value. */
  readonly value?: string;
  readonly meaning: string;
}

/** Parsed options of a benchmark. */
export interface BenchOptions<Name extends string> {
  /** A smaller run of minutes. */
  readonly quick: boolean;
  /** Print one line of JSON as the last line. */
  readonly json: boolean;
  /** True if a switch was given. */
  has(name: Name): boolean;
  /** Value of an option, or undefined. */
  get(name: Name): string | undefined;
  /** Value of an option as a whole number of at least 1, or the fallback. Throws FLOWLINE_USAGE. */
  count<T extends number | undefined>(name: Name, fallback: T): number | T;
  /**
   * Comma-separated values of an option, each one of `known`; `all` means every one. Throws
   * FLOWLINE_USAGE.
   */
  among<T extends string>(name: Name, known: readonly T[], fallback: readonly T[]): readonly T[];
}

/**
 * Parses the arguments of the benchmark `bench`. Throws FLOWLINE_USAGE, with all options in its
 * remedy.
 */
export function parseBenchOptions<Name extends string>(
  bench: string,
  args: readonly string[],
  options: Readonly<Record<Name, BenchOption>>,
): BenchOptions<Name> {
  const known: Readonly<Record<string, BenchOption>> = {
    quick: { meaning: 'a smaller run' },
    json: { meaning: 'end with one line of JSON' },
    ...options,
  };
  const usage = Object.entries(known).map(
    ([name, { value, meaning }]) => `--${name}${value === undefined ? '' : ` ${value}`} (${meaning})`,
  );
  const fail = (message: string, cause?: unknown): never => {
    throw new FlowlineError('FLOWLINE_USAGE', message, {
      where: `bench ${bench}`,
      remedy: `It takes ${usage.join(', ')}.`,
      cause,
    });
  };
  return readersOf(parseValues(args, known, fail), fail);
}

type Values = Readonly<Record<string, string | boolean | undefined>>;
type Fail = (message: string, cause?: unknown) => never;

function parseValues(args: readonly string[], known: Readonly<Record<string, BenchOption>>, fail: Fail): Values {
  const options = Object.fromEntries(
    Object.entries(known).map(
      ([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }] as const,
    ),
  );
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    return fail(messageOf(cause), cause);
  }
}

function readersOf<Name extends string>(values: Values, fail: Fail): BenchOptions<Name> {
  const get = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    quick: values.quick === true,
    json: values.json === true,
    has: (name) => values[name] === true,
    get,
    count: (name, fallback) => {
      const text = get(name);
      if (text === undefined) return fallback;
      const count = Number(text);
      return Number.isInteger(count) && count >= 1
        ? count
        : fail(`--${name}: found ${text}, expected a whole number of at least 1`);
    },
    among: <T extends string>(name: Name, choices: readonly T[], fallback: readonly T[]) => {
      const text = get(name);
      if (text === undefined) return fallback;
      if (text === 'all') return choices;
      return text.split(',').map((part): T => {
        const choice = choices.find((candidate) => candidate === part);
        return choice ?? fail(`--${name}: found '${part}', expected some of ${choices.join(', ')}, or all`);
      });
    },
  };
}
