import { FlowError } from '../flow-error.ts';
import { nearest } from './nearest.ts';
import type { Rule } from './rules.ts';

/** A rule for every option of T. */
export type OptionRules<T> = { readonly [Name in keyof T]-?: Rule };

/** Maximum number of characters of a value in error messages; longer texts are cut. */
const SHOWN_LETTERS = 80;

/**
 * Throws FLOWLINE_USAGE unless the options are an object with only known names, all required ones,
 * and values that follow their rules. `where` names the callee, e.g. `realNVP`. An undefined option
 * counts as omitted.
 */
export function checkOptions<T extends object>(where: string, options: T, rules: OptionRules<T>): void;
export function checkOptions(where: string, options: unknown, rules: Readonly<Record<string, Rule>>): void {
  const names = Object.keys(rules);
  const needed = names.filter((name) => rules[name]?.required === true);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new FlowError('FLOWLINE_USAGE', `${where}: found ${shown(options)}, expected an object of options`, {
      where,
      remedy: `Give { ${(needed.length > 0 ? needed : names.slice(0, 3)).join(', ')} }.`,
    });
  }
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const name of Object.keys(given)) if (!Object.hasOwn(rules, name)) throw unknown(where, name, names);
  for (const name of names) {
    const value = given[name];
    if (value !== undefined || needed.includes(name)) checkValue(`${where}.${name}`, value, rules[name]);
  }
}

/** Throws FLOWLINE_USAGE unless the value follows its rule. */
export function checkValue(where: string, value: unknown, rule: Rule | undefined): void {
  if (rule === undefined || rule.holds(value)) return;
  const isMissing = value === undefined;
  throw new FlowError('FLOWLINE_USAGE', `${where}: found ${shown(value)}, expected ${rule.expected}`, {
    where,
    remedy: isMissing ? `Give ${where}, ${rule.expected}.` : `Make it ${rule.expected}.`,
  });
}

/**
 * Text of a value for an error message: numbers and JSON as written, other values by their kind.
 */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (ArrayBuffer.isView(value)) return `a ${Object.prototype.toString.call(value).slice(8, -1)}`;
  return cut(jsonOf(value) ?? typeof value);
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, each: unknown) =>
      typeof each === 'bigint' || (typeof each === 'number' && !Number.isFinite(each)) ? String(each) : each,
    );
  } catch {
    return 'an object'; // circular, or its toJSON throws
  }
}

const cut = (text: string): string => (text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS)}…` : text);

function unknown(where: string, name: string, names: readonly string[]): FlowError {
  const guess = nearest(name, names);
  return new FlowError('FLOWLINE_USAGE', `${where}: there is no option '${name}'`, {
    where: `${where}.${name}`,
    remedy: guess === undefined ? `The options are ${names.join(', ')}.` : `Did you mean '${guess}'?`,
  });
}
