import { types } from 'node:util';

/** Rule for the values of an option. */
export interface Rule {
  /** Noun phrase for the expected value, for error messages. */
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
  /** True if omitting the option is an error. */
  readonly required?: boolean;
}

/** A whole number, at least `least`. */
export const whole = (least: number): Rule => ({
  expected: `a whole number of at least ${least}`,
  holds: (value) => isNumber(value) && Number.isSafeInteger(value) && value >= least,
});

/** A whole number from `least` to `most`. */
export const wholeWithin = (least: number, most: number): Rule => ({
  expected: `a whole number from ${least} to ${most}`,
  holds: (value) => isNumber(value) && Number.isInteger(value) && value >= least && value <= most,
});

export const finiteNumber: Rule = { expected: 'a finite number', holds: isNumber };

export const above0: Rule = { expected: 'a number above 0', holds: (value) => isNumber(value) && value > 0 };

export const atLeast0: Rule = { expected: 'a number of at least 0', holds: (value) => isNumber(value) && value >= 0 };

/** A number in [0, 1). */
export const below1: Rule = {
  expected: 'a number from 0 to below 1',
  holds: (value) => isNumber(value) && value >= 0 && value < 1,
};

/** A number in (0, 1). */
export const share: Rule = {
  expected: 'a number between 0 and 1',
  holds: (value) => isNumber(value) && value > 0 && value < 1,
};

/** A number in [0, 1]. */
export const probability: Rule = {
  expected: 'a number from 0 to 1',
  holds: (value) => isNumber(value) && value >= 0 && value <= 1,
};

export const boolean: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' };

export const callback: Rule = { expected: 'a function', holds: (value) => typeof value === 'function' };

/** One of the given texts. */
export const oneOf = (...choices: readonly string[]): Rule => ({
  expected: `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`,
  holds: (value) => choices.some((choice) => choice === value),
});

/** A list whose entries all follow the rule; `entries` is their plural name. */
export const listOf = (entries: string, rule: Rule): Rule => ({
  expected: `a list of ${entries}`,
  holds: (value) => Array.isArray(value) && Array.from<unknown>(value).every((entry) => rule.holds(entry)),
});

/** An object with the given methods. */
export const withMethods = (expected: string, ...methods: readonly string[]): Rule => ({
  expected,
  holds: (value) => isObject(value) && methods.every((method) => typeof value[method] === 'function'),
});

/** A non-empty text. */
export const text: Rule = { expected: 'a text', holds: (value) => typeof value === 'string' && value !== '' };

/** An object; its content is checked elsewhere. */
export const object: Rule = { expected: 'an object', holds: isObject };

export const orNull = (rule: Rule): Rule => ({
  ...rule,
  expected: `${rule.expected}, or null`,
  holds: (value) => value === null || rule.holds(value),
});

/** A value that follows either rule. */
export const either = (a: Rule, b: Rule): Rule => ({
  expected: `${a.expected}, or ${b.expected}`,
  holds: (value) => a.holds(value) || b.holds(value),
});

/** A Float32Array of the given length. */
export const float32 = (length: number): Rule => ({
  expected: `a Float32Array of ${length} values`,
  holds: (value) => types.isFloat32Array(value) && value.length === length,
});

/** A base density. */
export const distribution: Rule = withMethods('a Distribution', 'logProb', 'sample', 'dispose');

/** Rule of an option without a default. */
export const required = (rule: Rule): Rule => ({ ...rule, required: true });

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
