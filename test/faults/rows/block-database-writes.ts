import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { deliveryOf, type Stream } from '../stream.ts';

const LIMIT_SECONDS = 30;
const DISK_MB = 64;

export const blockDatabaseWrites: Scenario = {
  id: 'R10',
  name: 'block-database-writes',
  title: 'Postgres is read-only, and its disk is full, for a while',
  run: async (stage) => {
    const readOnly = await underFault(
      stage,
      'readonly',
      (stream) => Promise.resolve(readOnlyFault(stream)),
      /read-only/,
    );
    const disk = tmpfs();
    if ('reason' in disk) {
      stage.say(`the full disk was not tried: ${disk.reason}`);
      return { ...readOnly, counts: { ...readOnly.counts, fullDisk: 'not tried' } };
    }
    try {
      const full = await underFault(
        stage,
        'diskfull',
        (stream) => diskFault(stage, stream, disk.folder),
        /No space left/,
      );
      return {
        events: readOnly.events + full.events,
        lost: readOnly.lost + full.lost,
        duplicated: readOnly.duplicated + full.duplicated,
        recoverySeconds: Math.max(readOnly.recoverySeconds, full.recoverySeconds),
        claims: Object.fromEntries([
          ...Object.entries(readOnly.claims).map(([claim, holds]) => [`read-only: ${claim}`, holds] as const),
          ...Object.entries(full.claims).map(([claim, holds]) => [`disk full: ${claim}`, holds] as const),
        ]),
        counts: { readOnlySeconds: readOnly.counts.seconds, diskFullSeconds: full.counts.seconds },
      };
    } finally {
      disk.remove();
    }
  },
};

interface Fault {
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Removes all traces of the fault, after the checks. */
  clear(): Promise<void>;
}

async function underFault(stage: Stage, name: string, makeFault: (stream: Stream) => Promise<Fault>, why: RegExp) {
  const size = stage.quick ? { events: 4_000, seconds: 10 } : { events: 40_000, seconds: 60 };
  const stream = await stage.open(name);
  const messages = testEvents(size.events, 101).map((event) => ({ value: JSON.stringify(event) }));
  const fault = await makeFault(stream);
  const port = 20_000 + (process.pid % 10_000);
  const scorer = stream.start(['--batch-size', '200'], { FLOWLINE_HTTP_PORT: String(port) });
  await stream.produce(messages.slice(0, size.events / 2));
  await stream.untilCaughtUp();

  stage.say(`${name}: the fault begins`);
  await fault.begin();
  const before = await stream.storedRows();
  await stream.produce(messages.slice(size.events / 2));
  await sleep(size.seconds * 1_000);
  const during = await stream.storedRows();
  const readiness = await readinessOf(port);
  await fault.end();
  stage.say(`${name}: the fault is over`);
  const recoverySeconds = await stream.untilCaughtUp();
  const said = scorer.stderr();
  const code = await stream.stop(scorer);
  const check = await stream.check();
  await stream.close();
  await fault.clear();
  return {
    ...deliveryOf(check),
    recoverySeconds,
    claims: {
      // One batch may pass before the disk is really full, or before every connection has the
      // setting.
      'it paused': during - before < size.events / 2,
      'it said why in its log': why.test(said),
      'it was not ready, and said why': !readiness.ok && why.test(readiness.body),
      'it resumed by itself': code === 0,
      [`what waited is stored within ${LIMIT_SECONDS} s`]: recoverySeconds <= LIMIT_SECONDS,
    },
    counts: { seconds: size.seconds, storedMeanwhile: during - before },
  };
}

function readOnlyFault(stream: Stream): Fault {
  const name = new URL(stream.parts.database.url).pathname.slice(1);
  // Open sessions keep their default until they are cut, as they are when a primary becomes a
  // replica.
  const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND application_name LIKE 'flowline%'`;
  return {
    begin: async () => {
      await stream.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      await stream.query(cut);
    },
    end: async () => {
      // The scenario's own session is older than the setting, so it can still write.
      await stream.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
      await stream.query(cut);
    },
    clear: () => Promise.resolve(),
  };
}

/** Moves the database to a small disk, which the fault fills. */
async function diskFault(stage: Stage, stream: Stream, folder: string): Promise<Fault> {
  const name = new URL(stream.parts.database.url).pathname.slice(1);
  await stage.postgres.admin(`CREATE TABLESPACE small LOCATION '${folder}'`);
  await stage.postgres.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  await stage.postgres.admin(`ALTER DATABASE ${name} SET TABLESPACE small`);
  const ballast = path.join(folder, 'ballast');
  return {
    begin: async () => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 4 * bsize)));
      return Promise.resolve();
    },
    end: () => rm(ballast),
    clear: async () => {
      await stage.postgres.admin(`DROP DATABASE ${name} WITH (FORCE)`);
      await stage.postgres.admin('DROP TABLESPACE small');
    },
  };
}

/**
 * Mounts a tmpfs of a few megabytes for the user that runs Postgres. Returns the reason if mounting
 * fails.
 */
function tmpfs(): { readonly folder: string; remove(): void } | { readonly reason: string } {
  const mountPoint = mkdtempSync(path.join(tmpdir(), 'flowline-disk-'));
  chmodSync(mountPoint, 0o755);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=0777`, 'tmpfs', mountPoint], {
    encoding: 'utf8',
  });
  if (mounted.status !== 0) {
    rmSync(mountPoint, { recursive: true });
    return { reason: mounted.error?.message ?? mounted.stderr.trim() };
  }
  const folder = path.join(mountPoint, 'data');
  mkdirSync(folder);
  const { uid, gid } = userInfoOf('postgres') ?? userInfoOf('nobody') ?? { uid: 0, gid: 0 };
  chownSync(folder, uid, gid);
  return {
    folder,
    remove: () => {
      spawnSync('umount', [mountPoint]);
      rmSync(mountPoint, { recursive: true, force: true });
    },
  };
}

function userInfoOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
  if (ids.some(({ status }) => status !== 0)) return undefined;
  return { uid: Number(ids[0]?.stdout), gid: Number(ids[1]?.stdout) };
}

async function readinessOf(port: number): Promise<{ readonly ok: boolean; readonly body: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(10_000) });
  return { ok: response.ok, body: await response.text() };
}
