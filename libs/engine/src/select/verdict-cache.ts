import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { scoringBackends, type ScoringBackend } from '@flowline/events';

/**
 * Measurement of `auto` for a host and a model shape: events per second of every usable backend.
 */
export interface Verdict {
  readonly backend: ScoringBackend;
  readonly rates: Partial<Readonly<Record<ScoringBackend, number>>>;
}

/** Cache of verdicts. A failed read or write counts as a miss and costs a measurement. */
export interface VerdictCache {
  recall(key: string): Promise<Verdict | null>;
  remember(key: string, verdict: Verdict): Promise<void>;
}

/** Verdicts of this process. */
export const memoryCache = (): VerdictCache => {
  const verdicts = new Map<string, Verdict>();
  return {
    recall: (key) => Promise.resolve(verdicts.get(key) ?? null),
    remember: (key, verdict) => {
      verdicts.set(key, verdict);
      return Promise.resolve();
    },
  };
};

/** Kept for a week: machines change, and so does the load beside them. */
const KEPT_MS = 7 * 24 * 3_600_000;

/**
 * Verdicts as files in a folder, one file each, kept for a week. Other processes may read and write
 * them at the same time.
 */
export const folderCache = (folder: string, nowMs: () => number = Date.now): VerdictCache => {
  const fileOf = (key: string): string =>
    path.join(folder, 'verdicts', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  return {
    recall: async (key) => {
      try {
        const found: unknown = JSON.parse(await readFile(fileOf(key), 'utf8'));
        return isRecord(found) && found.key === key && isFresh(found.measuredAtMs, nowMs()) ? readVerdict(found) : null;
      } catch {
        return null;
      }
    },
    remember: async (key, verdict) => {
      const file = fileOf(key);
      const partial = `${file}.${process.pid}`;
      try {
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(partial, JSON.stringify({ key, measuredAtMs: nowMs(), ...verdict }));
        await rename(partial, file);
      } catch {
        await rm(partial, { force: true }).catch(() => undefined);
      }
    },
  };
};

const isFresh = (measuredAtMs: unknown, nowMs: number): boolean =>
  typeof measuredAtMs === 'number' && measuredAtMs <= nowMs && nowMs - measuredAtMs < KEPT_MS;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const readVerdict = ({ backend, rates }: Readonly<Record<string, unknown>>): Verdict | null => {
  const known = scoringBackends.find((name) => name === backend);
  if (known === undefined || !isRecord(rates)) return null;
  const read = scoringBackends.flatMap((name) => {
    const rate = rates[name];
    return typeof rate === 'number' && rate > 0 ? [[name, rate] as const] : [];
  });
  return { backend: known, rates: Object.fromEntries(read) };
};
