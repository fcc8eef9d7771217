import { FlowError } from './flow-error.ts';

/** Plain JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Configuration of a bijector, a distribution or a conditioner: plain JSON, tagged by `type`. */
export interface TypedConfig {
  readonly type: string;
}

/**
 * Reads fields of an unknown object. A field that does not fit is an error
 * FLOWLINE_MODEL_INCOMPATIBLE that says what was found and what was expected.
 */
export class ConfigReader {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (!isRecord(value)) throw unexpected(where, value, 'an object');
    this.#value = value;
    this.#where = where;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#value);
  }

  has(key: string): boolean {
    return this.#value[key] !== undefined;
  }

  field(key: string): unknown {
    return this.#value[key];
  }

  at(key: string): string {
    return `${this.#where}.${key}`;
  }

  string(key: string): string {
    const value = this.#value[key];
    if (typeof value !== 'string') throw unexpected(this.at(key), value, 'a string');
    return value;
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T {
    const value = this.#value[key];
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw unexpected(this.at(key), value, `one of ${choices.join(', ')}`);
    return choice;
  }

  boolean(key: string): boolean {
    const value = this.#value[key];
    if (typeof value !== 'boolean') throw unexpected(this.at(key), value, 'true or false');
    return value;
  }

  /** A finite number. */
  number(key: string): number {
    const value = this.#value[key];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw unexpected(this.at(key), value, 'a finite number');
    return value;
  }

  numberOrNull(key: string): number | null {
    return this.#value[key] === null ? null : this.number(key);
  }

  /** A whole number, at least `least`. */
  integer(key: string, least = 0): number {
    const value = this.number(key);
    if (!Number.isInteger(value) || value < least) {
      throw unexpected(this.at(key), value, `a whole number of at least ${least}`);
    }
    return value;
  }

  /** Whole numbers, each at least `least`. */
  integers(key: string, least = 0): number[] {
    return this.list(key).map((value, i) => {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
        throw unexpected(`${this.at(key)}[${i}]`, value, `a whole number of at least ${least}`);
      }
      return value;
    });
  }

  list(key: string): readonly unknown[] {
    const value = this.#value[key];
    if (!Array.isArray(value)) throw unexpected(this.at(key), value, 'a list');
    return value;
  }

  object(key: string): ConfigReader {
    return new ConfigReader(this.#value[key], this.at(key));
  }
}

/** Error that says what was found and what was expected at a location in a configuration. */
export function unexpected(where: string, found: unknown, expected: string): FlowError {
  const shown = JSON.stringify(found) as string | undefined;
  return new FlowError(
    'FLOWLINE_MODEL_INCOMPATIBLE',
    `found ${(shown ?? 'nothing').slice(0, 80)}, expected ${expected}`,
    {
      where,
      remedy: 'Load the model with the release that wrote it, or train it again.',
    },
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
