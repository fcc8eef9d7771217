import { type ErrorCode, messageOf, FlowlineError } from '@flowline/events';

/**
 * SQLSTATE (classes and codes) of a server that is unreachable or shutting down. All are transient.
 */
const UNREACHABLE = /^(08...|57P01|57P02|57P03|57P05|53300)$/;
/** SQLSTATE of refusals that may pass although the statement stays the same. */
const TRANSIENT = /^(25006|25P03|40001|40P01|53000|53100|53200|53400|55P03|57014|58030)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** SQLSTATE of a missing schema, table, column or function. */
const SCHEMA_MISSING = /^(3F000|42P01|42703|42883)$/;

/** Node's error codes for connections that were refused, cut or not found. */
const NETWORK = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'],
  ...['ENETUNREACH', 'EHOSTDOWN', 'ENOENT'],
]);
/**
 * Node's error codes for certificates that are untrusted or belong to another host, and the
 * driver's message for a server without TLS.
 */
const TLS = /^(ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;
const NO_TLS = 'does not support SSL';
/** The driver's messages, which have no code, for a lost connection. */
const CONNECTION_LOST =
  /connection terminated|connection timeout|timeout exceeded|not queryable|client was closed|client is closed/i;

const remedies: Readonly<Record<string, string>> = {
  '25006': 'Wait for the server to accept writes again, or point FLOWLINE_DATABASE_URL at the primary.',
  '53100': "Free space on the server's disk; Flowline waits and resumes.",
  '53300': "Raise the server's max_connections, or lower FLOWLINE_DATABASE_POOL_SIZE.",
  '57014':
    'Raise the limit that the message names (ALTER ROLE … SET statement_timeout), or give the query less to do: an index, a shorter lookback.',
  '55P03': 'Wait until the lock is released, or raise lock_timeout.',
  '42501': 'Grant the role the named privilege, or use another role.',
};
/** Remedies for refused connections, by SQLSTATE: user, password, database. */
const connectionRemedies: Readonly<Record<string, string>> = {
  '28P01': 'Correct the user or password in FLOWLINE_DATABASE_URL.',
  '28000': "Correct the user in FLOWLINE_DATABASE_URL, or the server's pg_hba.conf.",
  '3D000': 'Create the database, or correct its name in FLOWLINE_DATABASE_URL.',
};

/**
 * SQLSTATE of a server error, or Node's code of a system error; undefined if the error has neither.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Hint of the server on an error; undefined for none. */
export function hintOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('hint' in error)) return undefined;
  return typeof error.hint === 'string' ? error.hint : undefined;
}

/**
 * Converts an error of the database at `address` to a FlowlineError with its code, and whether it
 * is retryable. Errors from elsewhere are returned unchanged.
 */
export function toFlowlineError(error: unknown, address: string): unknown {
  const code = errorCode(error);
  const message = messageOf(error);
  const isUntrusted = (code !== undefined && TLS.test(code)) || message.includes(NO_TLS);
  const isKnown = code === undefined ? CONNECTION_LOST.test(message) : NETWORK.has(code) || SQLSTATE.test(code);
  if (error instanceof FlowlineError || !(isUntrusted || isKnown)) return error;
  const make = (kind: ErrorCode, text: string, remedy: string, retryable: boolean) =>
    new FlowlineError(kind, text, { where: address, remedy, retryable, cause: error });
  if (isUntrusted) {
    const remedy =
      'Name the certificate authority in FLOWLINE_DATABASE_URL (sslmode=verify-full&sslrootcert=/path/ca.pem), and the host by the name in its certificate.';
    return make('FLOWLINE_DATABASE_UNREACHABLE', `Postgres at ${address} is not trusted: ${message}`, remedy, false);
  }
  const specific = code === undefined ? undefined : remedies[code];
  if (code === undefined || NETWORK.has(code) || UNREACHABLE.test(code)) {
    const remedy = specific ?? 'Check that Postgres runs there and that FLOWLINE_DATABASE_URL is right.';
    return make('FLOWLINE_DATABASE_UNREACHABLE', `Postgres at ${address} does not answer: ${message}`, remedy, true);
  }
  const connectionRemedy = connectionRemedies[code];
  if (connectionRemedy !== undefined) {
    return make('FLOWLINE_DATABASE_UNREACHABLE', `Postgres at ${address} refused: ${message}`, connectionRemedy, false);
  }
  if (SCHEMA_MISSING.test(code)) {
    const text = `The schema "flowline" of ${address} is missing or older than this program: ${message}`;
    return make('FLOWLINE_DATABASE_NOT_MIGRATED', text, 'Run `flowline migrate`.', false);
  }
  const retryable = TRANSIENT.test(code);
  const remedy = specific ?? hintOf(error) ?? (retryable ? 'Try again.' : "See the server's message.");
  return make('FLOWLINE_DATABASE_FAILED', `Postgres at ${address} refused a statement: ${message}`, remedy, retryable);
}
