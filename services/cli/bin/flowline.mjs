#!/usr/bin/env node
// One process, so that a signal reaches the program and nothing else: in a checkout the TypeScript
// sources are loaded in place; in an installed package, dist.
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';

const asked = process.argv.slice(2);
const source = new URL('../src/main.ts', import.meta.url);
if (asked.length === 1 && ['-V', '--version'].includes(asked[0])) {
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`);
} else if (existsSync(source)) {
  register('./source-condition.mjs', import.meta.url);
  const typescript = await import('tsx/esm/api');
  typescript.register();
  await import(source.href);
} else {
  await import(new URL('../dist/main.js', import.meta.url).href);
}
