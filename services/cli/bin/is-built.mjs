import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Returns true if a program's package, and every library and service of its checkout, has been
 * built since its sources last changed.
 */
export function isBuilt(root, program) {
  const packages = ['libs', 'services'].flatMap((group) =>
    readdirSync(path.join(root, group)).map((name) => path.join(root, group, name)),
  );
  return [...packages, program].every((folder) => {
    const record = path.join(folder, 'dist/.tsbuildinfo');
    if (!existsSync(record)) return false;
    const builtMs = statSync(record).mtimeMs;
    return readdirSync(path.join(folder, 'src'), { recursive: true })
      .filter((file) => /(?<!\.test)\.ts$/.test(file))
      .every((file) => statSync(path.join(folder, 'src', file)).mtimeMs <= builtMs);
  });
}
