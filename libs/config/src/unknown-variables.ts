import { printable } from '@flowline/events';

import { nearest } from './nearest.ts';
import type { Environment } from './secret.ts';
import { settingNames } from './environment.ts';

const PREFIX = 'FLOWLINE_';

/**
 * Variables with the same prefix that are no settings: those of the engine's dump, the installer,
 * Docker Compose and this project's tests.
 */
const OTHERS: ReadonlySet<string> = new Set([
  'FLOWLINE_ENGINE_DUMP',
  'FLOWLINE_TENSORFLOW_DIR',
  ...['FLOWLINE_KAFKA_IMAGE', 'FLOWLINE_KAFKA_PORT', 'FLOWLINE_API_PORT', 'FLOWLINE_NODE_IMAGE'],
  ...['FLOWLINE_POSTGRES_IMAGE', 'FLOWLINE_POSTGRES_PORT'],
  ...['FLOWLINE_PARITY_DIR', 'FLOWLINE_PROPERTY_SEED', 'FLOWLINE_REQUIRE_SHARED'],
]);
/**
 * `FLOWLINE_TEST_…`, and the variables that Kubernetes sets for each service whose name begins with
 * flowline.
 */
const FOREIGN = /^FLOWLINE_TEST_|_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/;
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//;

/**
 * Finds variables with Flowline's prefix that are not settings. Returns one sentence per variable,
 * with the setting that was probably meant. Values are never quoted.
 */
export function unknownVariables(env: Environment = process.env): readonly string[] {
  const known = new Set([...settingNames, ...OTHERS, ...referredTo(env)]);
  const names = settingNames.map((name) => name.slice(PREFIX.length));
  return Object.entries(env).flatMap(([name, value = '']) => {
    const isSetting = name.startsWith(PREFIX) && value !== '' && !FOREIGN.test(name) && !SERVICE_ADDRESS.test(value);
    if (!isSetting || known.has(name)) return [];
    const meant = nearest(name.slice(PREFIX.length), names);
    const suggestion = meant === undefined ? '' : `; did you mean ${PREFIX}${meant}?`;
    return [`${printable(name)} is set, but there is no such setting${suggestion}`];
  });
}

/** Variables that settings refer to as `env:NAME`. */
function referredTo(env: Environment): string[] {
  return settingNames.flatMap((name) => {
    const written = env[name] ?? '';
    return written.startsWith('env:') ? [written.slice('env:'.length)] : [];
  });
}
