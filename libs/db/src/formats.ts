/**
 * What a transaction is set to, whatever the server, the database, the role or the URL says: what the parsers of values assume, and
 * what makes the text of a value the same everywhere. How a date in a query is read (its order of day and month) stays the database's.
 */
const FORMATS = [
  `datestyle = ISO`,
  `intervalstyle = postgres`,
  `timezone = 'UTC'`,
  `extra_float_digits = 1`,
  `bytea_output = hex`,
  `xmlbinary = base64`,
  `standard_conforming_strings = on`,
];

/** Sets the formats until the transaction ends; a session's settings would be lost behind a pooler, or handed to somebody else. */
export const SET_FORMATS = FORMATS.map((format) => `SET LOCAL ${format}`).join('; ');
