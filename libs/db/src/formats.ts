/**
 * Settings of every transaction, regardless of the server, database, role or URL: the value parsers
 * rely on them, and they make the text of a value the same everywhere. The order of day and month
 * in dates of a query remains the database's setting.
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

/**
 * Sets the formats until the transaction ends. Session settings would be lost behind a pooler, or
 * leak to other clients.
 */
export const SET_FORMATS = FORMATS.map((format) => `SET LOCAL ${format}`).join('; ');
