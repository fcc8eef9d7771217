#!/usr/bin/env node
import { readFileSync } from 'node:fs';

import { loadProgram } from './load-program.mjs';

const asked = process.argv.slice(2);
if (asked.length === 1 && ['-V', '--version'].includes(asked[0])) {
  // The program, which watches its output, is not loaded for one line.
  process.stdout.on('error', ({ code, message }) => {
    process.exitCode = code === 'EPIPE' ? 141 : 1;
    if (code !== 'EPIPE') process.stderr.write(`error FLOWLINE_OUTPUT_FAILED: ${message}\n`);
  });
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`);
} else {
  await loadProgram(new URL('../', import.meta.url));
}
