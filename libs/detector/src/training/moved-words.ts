import { formatNumber } from '../explanation/format-number.ts';
import type { MovedFeature } from './moved-features.ts';

/** Smaller differences between shares of missing values are not mentioned. */
const LEAST_MISSING_DIFFERENCE = 0.05;
const MOST_FEATURES = 5;
const LEVEL_LETTERS = 40;

/**
 * Describes moved features, each with its central (or most common) value before and after: "temp
 * from 48.92 to 46.94; origin from mostly EWR to mostly JFK". Empty if none moved.
 */
export function movedWords(moved: readonly MovedFeature[]): string {
  const named = moved.slice(0, MOST_FEATURES).map(wordsOf);
  const more = moved.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
}

function wordsOf(moved: MovedFeature): string {
  const { feature, missingBefore, missingAfter } = moved;
  const values = `${feature} ${changeOf(moved)}`;
  if (Math.abs(missingAfter - missingBefore) < LEAST_MISSING_DIFFERENCE) return values;
  return `${values} (missing in ${percent(missingBefore)} of the rows, then in ${percent(missingAfter)})`;
}

function changeOf({ before, after, period }: MovedFeature): string {
  const inWords = (value: number | string | null): string => {
    if (value === null) return 'no value';
    if (typeof value === 'string') return `mostly ${level(value)}`;
    return period === null ? formatNumber(value) : percent(value / period);
  };
  const [from, to] = [inWords(before), inWords(after)];
  if (from === to) return `${typeof after === 'number' ? 'around ' : ''}${to} as before, spread otherwise`;
  return `from ${from} to ${to}${period === null ? '' : ' of its cycle'}`;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/**
 * Sanitises a level. It is arbitrary input of any length, and may contain terminal control
 * characters.
 */
function level(value: string): string {
  const clean = value.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
  return clean.length <= LEVEL_LETTERS ? clean : `${clean.slice(0, LEVEL_LETTERS)}…`;
}
