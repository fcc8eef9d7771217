import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const JAVA_AT_LEAST = 17;
const MAVEN_TIMEOUT_MS = 300_000;
const LOCK_POLL_MS = 200;
const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * Folder with a broker's jars, fetched from Maven Central on first use; or the reason why they are
 * unavailable.
 */
export function kafkaJars(version: string): { readonly folder: string } | { readonly reason: string } {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.error !== undefined) return { reason: 'java is not installed' };
  const major = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? NaN);
  if (!(major >= JAVA_AT_LEAST))
    return { reason: `Java ${JAVA_AT_LEAST} is needed, found ${java.stderr.split('\n')[0]}` };

  const cache = process.env.FLOWLINE_CACHE_DIR ?? path.join(homedir(), '.cache', 'flowline');
  const folder = path.join(cache, `kafka-${version}`);
  if (existsSync(folder)) return { folder };
  if (spawnSync('mvn', ['--version']).error !== undefined) return { reason: 'mvn (Maven) is not installed' };
  mkdirSync(cache, { recursive: true });
  return underLock(`${folder}.lock`, () => (existsSync(folder) ? { folder } : fetchJars(version, folder)));
}

function fetchJars(version: string, folder: string): { readonly folder: string } | { readonly reason: string } {
  // Renamed once complete, so that an existing folder is whole.
  const partial = `${folder}.${process.pid}`;
  const maven = spawnSync(
    'mvn',
    [
      ...['-q', '-B', '-f', path.join(here, 'pom.xml'), 'dependency:copy-dependencies'],
      ...[`-Dkafka.version=${version}`, `-DoutputDirectory=${partial}`, '-DincludeScope=runtime'],
    ],
    { encoding: 'utf8', timeout: MAVEN_TIMEOUT_MS },
  );
  if (maven.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    const said = `${maven.stdout}${maven.stderr}`.split('\n').find((line) => line.includes('ERROR')) ?? 'no answer';
    return { reason: `Maven could not fetch Kafka ${version}: ${said.trim()}` };
  }
  renameSync(partial, folder);
  return { folder };
}

/**
 * Runs `work` under a lock between processes. Synchronous, because tests are declared
 * synchronously.
 */
function underLock<T>(lock: string, work: () => T): T {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      if (isStale(lock)) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isStale(lock: string): boolean {
  try {
    return Date.now() - statSync(lock).mtimeMs > MAVEN_TIMEOUT_MS;
  } catch {
    return false;
  }
}
