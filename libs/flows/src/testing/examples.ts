import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as flows from '../index.ts';

/** A code block of the documentation as a standalone program. */
export interface Example {
  /** Source of the block: the file, then a number if the file has several. */
  readonly name: string;
  readonly code: string;
}

const library = path.resolve(import.meta.dirname, '../..');
const repository = path.resolve(library, '../..');

/**
 * Every ts and js block of the README and of the reference pages: complete programs with their own
 * imports.
 */
export function pageExamples(): Example[] {
  const reference = filesUnder(path.join(repository, 'docs/reference'), '.md');
  const pages = [path.join(library, 'README.md'), ...reference.filter((page) => page.includes('/reference/flows/'))];
  return pages.flatMap((page) => blocks(page, /^```(?:ts|js)\n([\s\S]*?)^```$/gm));
}

/**
 * Every ts block of a docstring. Such blocks are short: everything that `@flowline/flows` exports
 * is imported, and the wasm backend is started. They can use `flow`, an untrained Real NVP of two
 * features, and rows of two features under the names that the library uses for rows: `x` and
 * `size`, `train`, `validation`, `heldOut`.
 */
export function docstringExamples(): Example[] {
  const sources = filesUnder(path.join(library, 'src'), '.ts').filter((file) => !file.includes('.test.'));
  const prelude = [
    `import { ${Object.keys(flows).join(', ')} } from '@flowline/flows';`,
    `import type { TrainingCheckpoint } from '@flowline/flows';`,
    `await initBackend('wasm');`,
    `const flow = realNVP({ features: 2, layers: 2, hidden: [8], seed: 1 });`,
    `const size = 200;`,
    `const x = new Random(1).normals(2 * size);`,
    `const [train, validation, heldOut] = [{ x, size }, { x, size }, { x, size }];`,
  ].join('\n');
  return sources
    .flatMap((file) => blocks(file, /^ *\* ```ts\n([\s\S]*?)^ *\* ```$/gm))
    .map(({ name, code }) => ({ name, code: `${prelude}\n{\n${code.replaceAll(/^ *\* ?/gm, '')}}\n` }));
}

function blocks(file: string, pattern: RegExp): Example[] {
  const found = [...readFileSync(file, 'utf8').matchAll(pattern)];
  const place = path.relative(repository, file);
  return found.map(([, code = ''], i) => ({ name: found.length === 1 ? place : `${place} (${i + 1})`, code }));
}

function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .sort()
    .map((file) => path.join(folder, file));
}
