import pg from 'pg';

type Parse = (text: string) => unknown;

const { INT8, NUMERIC, DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins;

/** Times with a zone become Dates; infinite ones stay infinite numbers. */
const parseTimestamptz = pg.types.getTypeParser(TIMESTAMPTZ, 'text') as Parse;

/** 64-bit integers become numbers where a number holds them exactly, and stay text where it does not. */
function parseBigint(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** A time without a zone, or a date, is UTC, so that a row means the same on every machine. */
function parseUtc(text: string): unknown {
  if (text.endsWith('infinity')) return parseTimestamptz(text);
  const midnight = text.includes(':') ? '' : ' 00:00:00';
  return parseTimestamptz(text.replace(/( BC)?$/, `${midnight}+00$1`));
}

const parsers = new Map<number, Parse>([
  [INT8, parseBigint],
  [NUMERIC, Number],
  [TIMESTAMPTZ, parseTimestamptz],
  [TIMESTAMP, parseUtc],
  [DATE, parseUtc],
]);

/** How values arrive: numbers as numbers, times as Dates; everything else as the driver has it. */
export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    const own = format === 'binary' ? undefined : parsers.get(oid);
    return own ?? (pg.types.getTypeParser(oid, format) as Parse);
  },
};
