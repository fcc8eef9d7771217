import type pg from 'pg';

/**
 * What a session is set to, whatever the server, the database, the role or the URL says: what the parsers of values assume, and what
 * makes the text of a value the same everywhere. How a date in a query is read (its order of day and month) stays the database's.
 */
const SETTINGS = [
  `datestyle = ISO`,
  `intervalstyle = postgres`,
  `timezone = 'UTC'`,
  `extra_float_digits = 1`,
  `bytea_output = hex`,
  `xmlbinary = base64`,
  `standard_conforming_strings = on`,
];

/** Sets a new connection up. */
export async function prepareSession(client: pg.ClientBase): Promise<void> {
  await client.query(SETTINGS.map((setting) => `SET ${setting}`).join('; '));
}
