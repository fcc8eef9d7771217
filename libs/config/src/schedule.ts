import { at, DAY_MS } from '@flowline/events';

import { nearest } from './nearest.ts';

/** Times of a cron expression, in the local time of its zone. */
export interface Schedule {
  /** Ascending. */
  readonly seconds: readonly number[];
  /** Ascending. */
  readonly minutes: readonly number[];
  /** Ascending. */
  readonly hours: readonly number[];
  /** True if the schedule runs on a calendar day; months and days count from 1. */
  readonly isDay: (day: { readonly year: number; readonly month: number; readonly day: number }) => boolean;
}

/** A parsed schedule, or the reason why the text is not one. */
export type ReadSchedule =
  { readonly schedule: Schedule } | { readonly schedule: null; readonly finding: string; readonly remedy: string };

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Names of the values, from `low` on. */
  readonly words?: readonly string[];
}

const SECOND: Field = { name: 'second', low: 0, high: 59 };
const FIELDS: readonly Field[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, words: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  // Both 0 and 7 are Sunday.
  { name: 'day of week', low: 0, high: 7, words: 'sun mon tue wed thu fri sat'.split(' ') },
];

const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const EXAMPLE =
  'write minute, hour, day of month, month and day of week, such as "15 2 * * *" for every night at 02:15, or @daily';
/** Period of the calendar in years: leap days and days of the week repeat. */
const CALENDAR_YEARS = 28;

class Refusal extends Error {
  readonly remedy: string;

  constructor(finding: string, remedy: string) {
    super(finding);
    this.remedy = remedy;
  }
}

const known = new Map<string, ReadSchedule>();

/**
 * Parses a cron expression by the rules of crontab(5): five fields (or six, the first being
 * seconds) of values, names, ranges, steps and lists, or a macro such as @daily. If both day of
 * month and day of week are restricted, a day needs to match only one of them. Extensions of other
 * programs (L, W, #, ?, @reboot) are findings, and so is an expression that no day ever matches.
 */
export function readSchedule(text: string): ReadSchedule {
  const found = known.get(text);
  if (found !== undefined) return found;
  let read: ReadSchedule;
  try {
    read = { schedule: parse(text.trim()) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    read = { schedule: null, finding: error.message, remedy: error.remedy };
  }
  known.set(text, read);
  return read;
}

function parse(text: string): Schedule {
  if (text === '') throw new Refusal('it is empty', `${EXAMPLE}, or leave it out to train by hand`);
  const written = (MACROS[text.toLowerCase()] ?? text).split(/\s+/);
  if (written.length !== 5 && written.length !== 6) throw notFields(text, written.length);
  const fields = written.length === 6 ? [SECOND, ...FIELDS] : FIELDS;
  const sets = fields.map((field, i) => valuesOf(field, at(written, i)));
  const [seconds = [], minutes = [], hours = [], days = [], months = [], weekdays = []] =
    written.length === 6 ? sets : [[0], ...sets];
  const [dayText = '', , weekdayText = ''] = written.slice(-3);
  const daySet = new Set(days);
  const monthSet = new Set(months);
  const weekdaySet = new Set(weekdays.map((weekday) => weekday % 7));
  const eitherWillDo = !dayText.startsWith('*') && !weekdayText.startsWith('*');
  const isDay: Schedule['isDay'] = ({ year, month, day }) => {
    if (!monthSet.has(month)) return false;
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    const [byDay, byWeekday] = [daySet.has(day), weekdaySet.has(weekday)];
    return eitherWillDo ? byDay || byWeekday : byDay && byWeekday;
  };
  if (!someDay(isDay)) throw new Refusal('no day ever matches it', 'correct the day of month or the month');
  return { seconds, minutes, hours, isDay };
}

function someDay(isDay: Schedule['isDay']): boolean {
  const end = Date.UTC(2000 + CALENDAR_YEARS, 0, 1);
  for (let ms = Date.UTC(2000, 0, 1); ms < end; ms += DAY_MS) {
    const date = new Date(ms);
    if (isDay({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() })) return true;
  }
  return false;
}

function notFields(text: string, count: number): Refusal {
  const macros = Object.keys(MACROS);
  if (count > 1) return new Refusal(`it has ${count} fields, and a cron expression has five`, EXAMPLE);
  const close = nearest(`@${text.replace(/^@/, '').toLowerCase()}`, macros);
  return new Refusal(
    'it is not a cron expression',
    close === undefined ? EXAMPLE : `did you mean ${close}? Else ${EXAMPLE}`,
  );
}

/** Values that a field selects, ascending. */
function valuesOf(field: Field, text: string): number[] {
  const values = new Set<number>();
  for (const item of text.split(',')) for (const value of itemValues(field, item)) values.add(value);
  return [...values].sort((a, b) => a - b);
}

/** Values of a single value, a range or `*`; ranges and `*` may have a step. */
function itemValues(field: Field, item: string): number[] {
  const [, range = '', , step] = /^([^/]+)(\/(\d+))?$/.exec(item) ?? [];
  const refuse = (finding: string, remedy: string): Refusal => new Refusal(`${field.name}: ${finding}`, remedy);
  if (range === '') throw refuse(`"${item}" is not understood`, EXAMPLE);
  const stride = step === undefined ? 1 : Number(step);
  if (stride < 1) throw refuse(`a step of ${stride} leads nowhere`, 'write a step of at least 1');
  const [low, high] = boundsOf(field, range, step !== undefined, refuse);
  if (step !== undefined && stride > high - low) {
    throw refuse(`a step of ${stride} leads beyond ${high}`, `write ${low}, or a step of at most ${high - low}`);
  }
  const values: number[] = [];
  for (let value = low; value <= high; value += stride) values.push(value);
  return values;
}

function boundsOf(
  field: Field,
  range: string,
  hasStep: boolean,
  refuse: (finding: string, remedy: string) => Refusal,
): readonly [number, number] {
  // Sunday is counted once: `*` ends at 6.
  const highest = field.name === 'day of week' ? 6 : field.high;
  if (range === '*') return [field.low, highest];
  const ends = range.split('-');
  const [first = '', last] = ends;
  const low = valueOf(field, first, refuse);
  if (ends.length > 2) throw refuse(`"${range}" is not understood`, EXAMPLE);
  if (last === undefined) {
    if (hasStep) throw refuse(`"${range}" with a step is not a range`, `write ${range}-${highest}/… or */…`);
    return [low, low];
  }
  let high = valueOf(field, last, refuse);
  if (field.name === 'day of week' && high === 0 && low > 0) high = 7;
  if (high < low) {
    throw refuse(`the range ${range} ends before it begins`, `write ${low}-${highest},${field.low}-${high}`);
  }
  return [low, high];
}

function valueOf(field: Field, text: string, refuse: (finding: string, remedy: string) => Refusal): number {
  const word = field.words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return field.low + word;
  if (!/^\d{1,4}$/.test(text)) {
    const words = field.words === undefined ? '' : ` or ${field.words.join(', ')}`;
    throw refuse(`"${text}" is not understood`, `write ${field.low} to ${field.high}${words}`);
  }
  const value = Number(text);
  if (value < field.low || value > field.high) {
    throw refuse(`${value} is not within ${field.low} to ${field.high}`, `write ${field.low} to ${field.high}`);
  }
  return value;
}
