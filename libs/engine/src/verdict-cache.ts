import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { scoringBackends, type ScoringBackend } from '@flowline/events';

/** What `auto` measured once, on a host and for a model's shape: events a second of every usable backend. */
export interface Verdict {
  readonly backend: ScoringBackend;
  readonly rates: Partial<Readonly<Record<ScoringBackend, number>>>;
}

/** Remembers verdicts. What cannot be read or written is as if it had never been there: it costs a measurement. */
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

/** Machines change, and so do the neighbours on them. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** Verdicts as files in a folder, one each, which other processes may read and write at the same time; kept for a week. */
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
