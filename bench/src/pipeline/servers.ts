import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmbeddedPostgres } from '@flowline/embedded-postgres';

import { testKafka, type TestKafka } from '../../../test/support/kafka.ts';
import { startNativeBroker } from '../../../test/support/kafka/native-broker.ts';
import { serve, type TestPostgres } from '../../../test/support/postgres.ts';

/** A real broker and a real Postgres that syncs to disk, on this machine. */
export interface Servers {
  readonly broker: TestKafka;
  readonly postgres: TestPostgres;
  stop(): Promise<void>;
}

/** Starts both servers, with their data in temporary folders. */
export async function startServers(): Promise<Servers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-bench-'));
  await chmod(folder, 0o755);
  const native = await startNativeBroker({ version: '4.1.0' });
  const server = await startEmbeddedPostgres(folder, [], { fsync: 'on', synchronous_commit: 'on' });
  const postgres = await serve(server.url, async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const broker = testKafka([native.address], () => native.stop());
  return {
    broker,
    postgres,
    stop: async () => {
      await Promise.all([postgres.stop(), broker.stop()]);
    },
  };
}
