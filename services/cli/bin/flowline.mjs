#!/usr/bin/env node
// In a checkout the command runs the TypeScript sources; in an installed package, dist.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const built = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const args = existsSync(source)
  ? ['--conditions=flowline:source', '--import', import.meta.resolve('tsx'), source]
  : [built];

const child = spawn(process.execPath, [...process.execArgv, ...args, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
