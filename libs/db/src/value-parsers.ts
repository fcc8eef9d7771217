import pg from 'pg';

type Parse = (text: string) => unknown;

const { INT8, NUMERIC, DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins;

/** Parses a time with a zone to a Date; infinite times stay infinite numbers. */
const parseTimestamptz = pg.types.getTypeParser(TIMESTAMPTZ, 'text') as Parse;

/** Parses a 64-bit integer to a number if that is exact; otherwise it stays text. */
function parseBigint(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/**
 * Parses a time without a zone, or a date, as UTC, so that a row means the same on every machine.
 */
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

/**
 * Parsers of column values: numbers become numbers, times become Dates, and everything else is as
 * the driver returns it.
 */
export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    const own = format === 'binary' ? undefined : parsers.get(oid);
    return own ?? (pg.types.getTypeParser(oid, format) as Parse);
  },
};
