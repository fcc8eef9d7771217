import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
/** Files of a package that do not change its results. */
const IRRELEVANT = /\.test\.ts$|[/\\](testing|dist|node_modules)[/\\]/;
const DIGITS = 16;

/** Fingerprint of the sources of some libraries: it changes with any of their files but tests. */
export async function sourcesFingerprint(libraries: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const library of libraries) {
    const folder = path.join(root, 'libs', library, 'src');
    const files = (await readdir(folder, { recursive: true })).filter((file) => /\.(ts|json|wasm)$/.test(file));
    for (const file of files.filter((each) => !IRRELEVANT.test(`/${each}`)).sort()) {
      hash.update(`${library}/${file}\n`).update(await readFile(path.join(folder, file)));
    }
  }
  return hash.digest('hex').slice(0, DIGITS);
}

/** Fingerprint of the content of a file. */
export const fileFingerprint = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, DIGITS);
