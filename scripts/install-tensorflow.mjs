// Installs TensorFlow for the `tensorflow` backend: tfjs-node, with its native addon built against
// libtensorflow from TensorFlow's wheel.
//   node scripts/install-tensorflow.mjs [cpu|gpu]     default cpu; gpu needs CUDA 12.5, cuDNN 9.3
// Everything is pinned by hash and installed into one folder outside node_modules, so that `npm ci`
// does not wipe it: FLOWLINE_TENSORFLOW_DIR, or `tensorflow` in Flowline's cache folder (the same
// rule as in libs/engine/src/targets/tensorflow/tensorflow-folder.ts). A second run is instant.
// Needs Linux on x86-64, Python 3 with pip, a C++ compiler and Node's headers.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const WHEELS = {
  cpu: {
    addon: 'tfjs-node',
    requirement:
      'tensorflow-cpu==2.18.1 --hash=sha256:810c75d7149d2da0cb2092187817b0dcabb80728ca9f9cf3a61f3f42fadd1298',
  },
  gpu: {
    addon: 'tfjs-node-gpu',
    requirement: 'tensorflow==2.18.1 --hash=sha256:c9f87e5d2a680a4595f5dc30daf6bbaec9d4129b46d7ef1b2af63c46ac7d2828',
  },
};
const WHEEL_PLATFORM = ['--python-version', '3.11', '--platform', 'manylinux_2_17_x86_64'];

const kind = process.argv[2] ?? 'cpu';
if (!(kind in WHEELS)) end(2, `unknown build ${kind}: cpu or gpu`);
if (process.platform !== 'linux' || process.arch !== 'x64') {
  end(
    1,
    `builds on Linux x64 only; this is ${process.platform} ${process.arch}. Add @tensorflow/tfjs-node to your project instead.`,
  );
}
const { addon, requirement } = WHEELS[kind];
const sources = path.join(root, 'infra/tensorflow', kind);
const folder = targetFolder();
const stamp = path.join(folder, 'installed.json');
const wanted = createHash('sha256')
  .update(requirement)
  .update(readFileSync(path.join(sources, 'package-lock.json')))
  .digest('hex');

if (isInstalled()) end(0, `TensorFlow (${kind}) is in ${folder}`);
// Built in a temporary folder and renamed, so that an interruption leaves no partial installation.
const work = `${folder}.${process.pid}`;
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
try {
  build();
  rmSync(folder, { recursive: true, force: true });
  renameSync(work, folder);
} finally {
  rmSync(work, { recursive: true, force: true });
}
end(0, `TensorFlow (${kind}) is in ${folder}`);

function build() {
  say('fetching tfjs-node …');
  for (const file of ['package.json', 'package-lock.json']) cpSync(path.join(sources, file), path.join(work, file));
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);

  say("fetching TensorFlow's wheel (230 MB; 600 MB with CUDA) …");
  writeFileSync(path.join(work, 'requirements.txt'), `${requirement}\n`);
  const download = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
  ];
  run('python3', [...download, ...WHEEL_PLATFORM, '--require-hashes', '-r', 'requirements.txt', '-d', 'wheel']);
  const [wheel] = readdirSync(path.join(work, 'wheel'));
  const tfjsNode = path.join(work, 'node_modules/@tensorflow', addon);
  run('python3', [
    path.join(root, 'infra/tensorflow/stage-wheel.py'),
    path.join('wheel', wheel),
    path.join(tfjsNode, 'deps'),
  ]);
  rmSync(path.join(work, 'wheel'), { recursive: true });

  say('building the addon …');
  const headers = path.resolve(process.execPath, '../..');
  run(
    process.execPath,
    [path.join(work, 'node_modules/@mapbox/node-pre-gyp/bin/node-pre-gyp'), 'install', '--build-from-source'],
    {
      cwd: tfjsNode,
      env: {
        ...process.env,
        // Uses the headers beside this Node if they exist, so that nothing has to be fetched.
        ...(existsSync(path.join(headers, 'include/node/node_api.h')) ? { npm_config_nodedir: headers } : {}),
        PATH: `${path.join(work, 'node_modules/.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
      },
    },
  );
  rmSync(path.join(tfjsNode, 'build'), { recursive: true, force: true });
  rmSync(path.join(tfjsNode, 'deps/include'), { recursive: true, force: true });
  writeFileSync(path.join(work, 'installed.json'), JSON.stringify({ kind, wanted }));
}

function isInstalled() {
  try {
    return JSON.parse(readFileSync(stamp, 'utf8')).wanted === wanted;
  } catch {
    return false;
  }
}

function targetFolder() {
  const { FLOWLINE_TENSORFLOW_DIR: named, FLOWLINE_CACHE_DIR: cache, XDG_CACHE_HOME: xdg } = process.env;
  if (named) return path.resolve(named);
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(homedir(), '.cache');
  return path.join(cache || path.join(base, 'flowline'), 'tensorflow');
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: work, stdio: ['ignore', 2, 2], ...options });
  if (status === 0) return;
  throw new Error(
    `${command} ${args[0]} failed${error === undefined ? `, exit code ${status}` : `: ${error.message}`}`,
  );
}

function say(line) {
  console.error(`tensorflow: ${line}`);
}

function end(code, line) {
  if (code === 0) console.log(line);
  else console.error(`tensorflow: ${line}`);
  process.exit(code);
}
