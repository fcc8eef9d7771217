// Sets up a clone (dependencies installed and current), then runs one of its commands.
//   node scripts/with-setup.mjs [command] [arguments…]
// With Node's option --inspect, --inspect-wait or --inspect-brk, a debugger can join the program.
// Commands: jest, jest:unit, jest:proofs, jest:servers, demo, bench.
// Plain JavaScript, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import inspector from 'node:inspector';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

import { selectProjects } from './jest-projects.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const MINIMUM_NODE = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
  console.error(
    `Flowline needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.version}. See https://nodejs.org.`,
  );
  process.exit(1);
}

const stamp = path.join(root, 'node_modules', '.flowline-installed');
const lock = createHash('sha256')
  .update(readFileSync(path.join(root, 'package-lock.json')))
  .update(process.version)
  .digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.error('Installing dependencies and building (once; a minute or two) …');
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    // onnxruntime-node ships what its backend and the tests need, so its GPU libraries are not
    // fetched.
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip', ...process.env },
  });
  if (install.status !== 0) {
    console.error('npm ci failed: see above. Flowline needs the npm registry for its first run.');
    process.exit(install.status ?? 1);
  }
  const build = spawnSync('npm', ['run', '-s', 'build'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (build.status !== 0) process.exit(build.status ?? 1);
  writeFileSync(stamp, lock);
}

const isInspect = (arg) => /^--inspect(-wait|-brk)?(=|$)/.test(arg);
const inspect = process.argv.slice(2).filter(isInspect);
const [command, ...args] = process.argv.slice(2).filter((arg) => !isInspect(arg));
// A larger young generation: jest makes and drops much.
const jest = [
  '--max-semi-space-size=64',
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  path.join(root, 'node_modules/jest/bin/jest.js'),
];
const node = {
  jest,
  'jest:unit': jest,
  'jest:proofs': jest,
  'jest:servers': jest,
  bench: [
    '--conditions=flowline:source',
    '--import',
    () => import.meta.resolve('tsx'),
    path.join(root, 'bench/src/main.ts'),
  ],
};
if (command === 'demo') {
  // In this process, so that a signal reaches only the program.
  process.chdir(root);
  process.argv = [process.argv[0], path.join(root, 'examples/flights'), ...args];
  if (inspect.length > 0) openInspector(inspect[0]);
  const { loadProgram } = await import('../services/cli/bin/load-program.mjs');
  await loadProgram(new URL('../examples/flights/', import.meta.url));
} else if (command in node) {
  const flags = node[command].map((flag) => (typeof flag === 'function' ? flag() : flag));
  const selection = selectProjects(command, args, root);
  // A debugger sees the tests of one process only.
  const inOne = inspect.length > 0 && command.startsWith('jest') ? ['--runInBand'] : [];
  const run = spawn(process.execPath, [...inspect, ...flags, ...args, ...inOne, ...selection], {
    cwd: root,
    stdio: 'inherit',
  });
  // A terminal also signals the program; signals sent to this process alone are forwarded.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => run.kill(signal));
  run.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
} else if (command !== undefined) {
  console.error(`Unknown command ${command}: one of demo, ${Object.keys(node).join(', ')}.`);
  process.exit(2);
}

/** Opens the inspector of this process; those that it starts open theirs on free ports. */
function openInspector(option) {
  const [name, address = '9229'] = option.split('=');
  const [port, host] = address.split(':').reverse();
  process.execArgv.push(`${name}=0`);
  inspector.open(Number(port), host, name !== '--inspect');
}
