import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/**
 * Path of an optional program. Undefined, with a printed warning, if it is not installed.
 * @throws Error if it is not installed and `FLOWLINE_TEST_REQUIRE_<required>` is 1.
 */
export function findProgram(name: string, required: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin'];
  const found = folders.map((folder) => path.join(folder, name)).find(isProgram);
  if (found !== undefined) return found;
  if (process.env[`FLOWLINE_TEST_REQUIRE_${required}`] === '1')
    throw new Error(`${name} is required and not installed`);
  console.warn(`Skipped: ${name} is not installed.`);
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
