import { readFileSync } from 'node:fs';

/** Version of the command line. */
export function versionOfPackage(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const holdsVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return holdsVersion ? String(manifest.version) : 'unknown';
}
