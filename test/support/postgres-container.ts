import { runLabels } from './backend.ts';

const DEFAULT_IMAGE = 'postgres:17';
const DATA = '/var/lib/postgresql/data';

/**
 * Starts Postgres in a container with `@testcontainers/postgresql`, from the image in
 * FLOWLINE_TEST_POSTGRES_IMAGE or postgres:17.
 */
export async function startContainerPostgres(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const container = await new PostgreSqlContainer(process.env.FLOWLINE_TEST_POSTGRES_IMAGE ?? DEFAULT_IMAGE)
    .withLabels(runLabels())
    .withUsername('postgres')
    .withDatabase('postgres')
    .withTmpFs({ [DATA]: 'rw' })
    .withEnvironment({ PGDATA: DATA })
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'max_wal_size=2GB'])
    .start();
  return {
    url: container.getConnectionUri(),
    stop: async () => {
      await container.stop({ timeout: 0, removeVolumes: true });
    },
  };
}
