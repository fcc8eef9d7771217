import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** File of the pages: its content as it is, and compressed. */
export interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly brotli: Buffer | null;
  readonly gzip: Buffer | null;
}

/** Built pages: the document, and what it loads by name. */
export interface Assets {
  readonly document: Asset;
  readonly byName: ReadonlyMap<string, Asset>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Folder of the built pages. */
export const builtPages = (): string =>
  path.join(path.dirname(createRequire(import.meta.url).resolve('@flowline/dashboard/package.json')), 'dist');

/** Reads the built pages into memory; null if they were not built. */
export function readAssets(folder: string): Assets | null {
  const document = readAsset(path.join(folder, 'index.html'));
  if (document === null) return null;
  const assets = path.join(folder, 'assets');
  const byName = new Map<string, Asset>();
  for (const name of readdirSync(assets)) {
    const asset = readAsset(path.join(assets, name));
    if (asset !== null) byName.set(name, asset);
  }
  return { document, byName };
}

/** Reads a file whose kind the pages have; null for any other, and for none. */
function readAsset(file: string): Asset | null {
  const type = types[path.extname(file)];
  if (type === undefined || !isFile(file)) return null;
  const compressed = (ending: string): Buffer | null => (isFile(file + ending) ? readFileSync(file + ending) : null);
  return { type, plain: readFileSync(file), brotli: compressed('.br'), gzip: compressed('.gz') };
}

const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
