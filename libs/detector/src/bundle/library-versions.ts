import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Returns the installed version of each package that a model depends on. */
export function libraryVersions(): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    ['detector', 'engine', 'features', 'flows'].map((name) => {
      const path = require.resolve(`@flowline/${name}/package.json`);
      const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
      const version = typeof content === 'object' && content !== null && 'version' in content ? content.version : null;
      return [name, String(version)];
    }),
  );
}
