#!/usr/bin/env node
// Runs in one process, so that a signal reaches the program and nothing else. The built program
// runs: it starts sooner and needs less memory. In a checkout whose sources have changed since the
// build, the sources run.
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

import { isBuilt } from './is-built.mjs';

const asked = process.argv.slice(2);
const source = new URL('../src/main.ts', import.meta.url);
const root = fileURLToPath(new URL('../../../', import.meta.url));
if (asked.length === 1 && ['-V', '--version'].includes(asked[0])) {
  // The program, which watches its output, is not loaded for one line.
  process.stdout.on('error', ({ code, message }) => {
    process.exitCode = code === 'EPIPE' ? 141 : 1;
    if (code !== 'EPIPE') process.stderr.write(`error FLOWLINE_OUTPUT_FAILED: ${message}\n`);
  });
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`);
} else if (existsSync(source) && !isBuilt(root)) {
  register('./source-condition.mjs', import.meta.url);
  const typescript = await import('tsx/esm/api');
  typescript.register();
  await import(source.href);
} else {
  await import(new URL('../dist/main.js', import.meta.url).href);
}
