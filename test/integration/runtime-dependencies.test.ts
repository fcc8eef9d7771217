import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

const root = new URL('../../', import.meta.url);

/**
 * Our packages with their declared dependencies. Some third-party packages fail to load under some
 * loaders.
 */
const declared = ['libs', 'services'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, root)).map((name) => {
    const manifest = JSON.parse(readFileSync(new URL(`${folder}/${name}/package.json`, root), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    return { name, dependencies: manifest.dependencies ?? {} };
  }),
);

const external = [
  ...new Set(
    declared.flatMap(({ dependencies }) => Object.keys(dependencies).filter((d) => !d.startsWith('@flowline/'))),
  ),
].filter((dependency) => dependency !== 'vega-datasets'); // data files only

describe('runtime dependencies', () => {
  it.each(external)('%s loads', async (dependency) => {
    const loaded = (await import(dependency)) as Record<string, unknown>;
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
});
