import { type FeatureSpec, quoteText } from '@flowline/events';

import { isUnnamed } from '../column-names.ts';
import type { TableColumn } from '../data-table.ts';
import { type ColumnFigures, columnFigures, type NumberFigures } from './column-figures.ts';

/** Use of a column that is no event time: a feature, with the reason for its type, or none. */
export type ColumnUse = { readonly feature: FeatureSpec; readonly note: string } | { readonly leftOut: string };

/** Levels that are kept apart, by default. */
const MOST_LEVELS = 64;
/** Rows below which values that all differ are no sign of an id. */
const FEWEST_OF_IDS = 20;
/** A column with its 99 % quantile beyond so many medians has a long tail. */
const LONG_TAIL = 20;
/** Share of missing values beyond which a column says too little. */
const MOST_MISSING = 0.95;

const ID_NAME = /(^|[_.-])(id|uuid|guid|key|index|idx|row|rownum|offset)$|[a-z]Id$/;
const SHARE_NAME = /(ratio|share|fraction|rate|probability|prob|utilisation|utilization|availability)$/i;

/** Names of numbers that repeat, with their cycle and the range of one. */
const CYCLES: readonly {
  readonly name: RegExp;
  readonly period: number;
  readonly from: number;
  readonly of: string;
}[] = [
  { name: /(^|_)(hour|hour_of_day|hod|hr)$/i, period: 24, from: 0, of: 'a day' },
  { name: /(^|_)(minute|minute_of_hour)$/i, period: 60, from: 0, of: 'an hour' },
  { name: /(^|_)(weekday|day_of_week|dow|dayofweek)$/i, period: 7, from: 0, of: 'a week' },
  { name: /(^|_)(day|day_of_month|dom|mday)$/i, period: 31, from: 1, of: 'a month' },
  { name: /(^|_)month$/i, period: 12, from: 0, of: 'a year' },
  { name: /(^|_)(dir|direction|bearing|heading|azimuth|wind_deg)$/i, period: 360, from: 0, of: 'a circle' },
];

/** Decides the use of a column by its figures. */
export function chooseUse(figures: ColumnFigures): ColumnUse {
  const { name, kind, rows, missing, distinct } = figures;
  if (isUnnamed(name)) return { leftOut: 'no feature can be read from it' };
  if (kind === 'empty') return { leftOut: 'without a value in any row' };
  if (kind === 'other') return { leftOut: 'values of several kinds, or lists' };
  if (distinct === 1) return { leftOut: 'one and the same value throughout' };
  if (missing > MOST_MISSING * rows) return { leftOut: `${percent(missing / rows)} of the rows have no value` };
  if (isId(figures)) return { leftOut: 'no value occurs twice: an id' };
  const nullable = missing > 0;
  if (kind === 'boolean') return { feature: feature(name, 'boolean', nullable), note: 'true or false' };
  if (kind === 'text') return ofText(figures);
  return figures.numbers === null ? { leftOut: 'no finite number' } : ofNumbers(figures, figures.numbers);
}

/** True if no value of a column occurs twice, and its kind or name is that of an id. */
export function isId({ name, kind, rows, missing, distinct, numbers }: ColumnFigures): boolean {
  if (isUnnamed(name)) return false;
  if (distinct < rows - missing || distinct < FEWEST_OF_IDS) return false;
  if (kind === 'text') return true;
  return kind === 'number' && numbers?.areWhole === true && (ID_NAME.test(name) || isCounter(numbers, distinct));
}

/** True for a column of ids, by its values and name: see {@link isId}. */
export const isIdColumn = (column: TableColumn): boolean => isId(columnFigures(column));

/** True for numbers that count rows. */
const isCounter = ({ least, greatest, isAscending }: NumberFigures, distinct: number): boolean =>
  isAscending && greatest - least === distinct - 1;

function ofText({ name, rows, missing, distinct, amongNumbers }: ColumnFigures): ColumnUse {
  const among =
    amongNumbers !== null && 2 * amongNumbers.count > rows - missing
      ? `numbers, but for texts such as ${quoteText(amongNumbers.text, 40)}`
      : null;
  if (distinct > MOST_LEVELS && among !== null) {
    return { leftOut: `${among}: correct them, or write an empty cell for a missing value` };
  }
  if (distinct > MOST_LEVELS) {
    return {
      leftOut: `${distinct.toLocaleString('en')} different texts: an entity (source.key) or a key of a lookup, rather than a level`,
    };
  }
  if (2 * distinct > rows - missing) return { leftOut: 'most texts occur once' };
  return {
    feature: feature(name, 'categorical', missing > 0),
    note: among === null ? `${distinct} levels` : `${distinct} levels; ${among}`,
  };
}

function ofNumbers({ name, missing, distinct }: ColumnFigures, numbers: NumberFigures): ColumnUse {
  const { least, greatest, areWhole } = numbers;
  const nullable = missing > 0;
  const range = `${short(least)} to ${short(greatest)}, median ${short(numbers.median)}`;
  const cycle = CYCLES.find((each) => each.name.test(name) && least >= each.from && greatest <= each.period);
  if (cycle !== undefined) {
    const cyclic: FeatureSpec = { ...feature(name, 'cyclic', nullable), role: 'context', period: cycle.period };
    return { feature: cyclic, note: `${range}: part of ${cycle.of}` };
  }
  if (areWhole && distinct === 2)
    return { feature: feature(name, 'categorical', nullable), note: `two values: ${range}` };
  if (least >= 0 && greatest <= 1 && SHARE_NAME.test(name))
    return { feature: feature(name, 'unit', nullable), note: range };
  if (least >= 0 && hasLongTail(numbers)) {
    return { feature: feature(name, 'positive', nullable), note: `${range}: a long tail` };
  }
  return { feature: feature(name, areWhole ? 'integer' : 'real', nullable), note: range };
}

const hasLongTail = ({ median, p99 }: NumberFigures): boolean => median > 0 && p99 > LONG_TAIL * median;

/** A feature of a column, with every option at its default. */
export const feature = (name: string, type: FeatureSpec['type'], nullable: boolean): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable, maxLevels: MOST_LEVELS, period: null },
});

const short = (value: number): string => String(Number(value.toPrecision(4)));

/** A share in per cent, with two digits. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
