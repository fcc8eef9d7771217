import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { freePort, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { eventually } from '../support/until.ts';

const exec = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../..');

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/**
 * Packages installed from tarballs: those of ours that the command line and the demo need, and
 * nothing from the checkout.
 */
describe('the packages, installed from tarballs', () => {
  let folder: string;
  let packed: readonly Packed[];
  let postgres: TestPostgres;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'flowline-packages-'));
    postgres = await startPostgres();
    await exec('npm', ['run', '-s', 'build'], { cwd: repository });
    const { stdout } = await exec(
      'npm',
      ['pack', '--json', '--workspaces', '--ignore-scripts', '--pack-destination', folder],
      { cwd: repository, maxBuffer: 64 * 2 ** 20 },
    );
    packed = JSON.parse(stdout.slice(stdout.indexOf('['))) as Packed[];
    await install('@flowline/cli');
    await install('@flowline/example-flights');
  }, 300_000);
  afterAll(async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /**
   * Unpacks a package of ours and those that it depends on. Third-party packages come from the
   * repository's own installation.
   */
  async function install(name: string): Promise<void> {
    const target = path.join(folder, 'node_modules', name);
    if (await exists(target)) return;
    await mkdir(path.dirname(target), { recursive: true });
    const tarball = packed.find((each) => each.name === name);
    if (tarball === undefined) {
      await symlink(path.join(repository, 'node_modules', name), target);
      return;
    }
    await mkdir(target);
    await exec('tar', ['-xzf', path.join(folder, tarball.filename), '--strip-components=1', '-C', target]);
    const { dependencies = {} } = JSON.parse(await readFile(path.join(target, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(dependencies)) await install(dependency);
  }

  /** Runs a program of the installed packages; resolves to its standard output. */
  async function run(program: string, ...args: string[]): Promise<string> {
    const database = await postgres.createDatabase({ migrated: false });
    const { stdout } = await exec(process.execPath, [path.join(folder, 'node_modules/@flowline', program), ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, FLOWLINE_DATABASE_URL: database.url },
    });
    return stdout;
  }

  it('bring the migrations with them', async () => {
    expect(await run('cli/bin/flowline.mjs', 'migrate')).toMatch(/applied \d+ migrations, 0001_detectors to /);
  }, 60_000);

  it('run the demo', async () => {
    const output = await run('example-flights/dist/main.js', '--json', '--history', '3000', '--events', '200');
    expect(JSON.parse(output)).toMatchObject({ events: 200 });
  }, 240_000);

  it('serve the pages, with every file that they load', async () => {
    const database = await postgres.createDatabase();
    const port = await freePort();
    const program = path.join(folder, 'node_modules/@flowline/cli/bin/flowline.mjs');
    const api = spawn(process.execPath, [program, 'serve', 'api', '--port', String(port)], {
      cwd: folder,
      env: { PATH: process.env.PATH, FLOWLINE_DATABASE_URL: database.url },
      stdio: 'ignore',
    });
    try {
      const url = `http://127.0.0.1:${port}`;
      const text = await eventually(async () => (await fetch(`${url}/ui/detectors/any`)).text());
      const files = [...text.matchAll(/"(\/ui\/assets\/[^"]+)"/g)].map(([, file = '']) => file);
      expect(files.map((file) => path.extname(file)).sort()).toEqual(['.css', '.js', '.svg']);
      for (const file of files) {
        const { status, headers } = await fetch(url + file, { headers: { 'accept-encoding': 'br' } });
        expect([file, status, headers.get('content-encoding')]).toEqual([file, 200, 'br']);
      }
    } finally {
      api.kill();
      await once(api, 'exit');
    }
  }, 60_000);

  it('hold no sources and no tests', () => {
    const wrong = packed
      .filter(({ name }) => !/test|bench|example/.test(name))
      .flatMap(({ name, files }) =>
        files.filter(({ path: file }) => /\.test\.|^src\//.test(file)).map(({ path: file }) => `${name}/${file}`),
      );
    expect(wrong).toEqual([]);
  });
});

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
