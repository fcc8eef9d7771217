import type { AddressInfo } from 'node:net';

import { championVersions } from '@flowline/db';
import { messageOf } from '@flowline/events';

import { createServer } from './create-server.ts';
import type { RequestLimits } from './limits.ts';
import { LiveStream } from './live/live-stream.ts';
import type { ApiParts } from './route.ts';
import { ScoringModels } from './scoring/scoring-models.ts';

/** Running API. */
export interface RunningApi {
  readonly url: string;
  /** Ends streams, waits for requests under way, and releases the models. */
  close(): Promise<void>;
}

/** Parts of the process that the API shares. */
export type ProcessParts = Omit<ApiParts, 'models' | 'live'>;

/** Time between two looks at the database. */
const LOOK_MS = 5_000;

/** Time for requests under way at the end; then their connections are cut. */
const GRACE_MS = 5_000;

/** Starts the API on an address; port 0 picks a free one. */
export async function startApi(
  parts: ProcessParts,
  address: { readonly port: number; readonly host: string },
  limits?: RequestLimits,
): Promise<RunningApi> {
  const models = new ScoringModels(parts.db, parts.settings);
  const live = new LiveStream(parts);
  const server = await createServer({ ...parts, models, live }, limits);
  const looking = watchDatabase(parts);
  await server.listen(address);
  const { port } = server.server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      clearInterval(looking);
      live.close();
      const cutting = setTimeout(() => server.server.closeAllConnections(), GRACE_MS);
      await server.close();
      clearTimeout(cutting);
      await models.close();
    },
  };
}

/** Notes in the health of the process whether the database answers. */
function watchDatabase({ db, health }: ProcessParts): NodeJS.Timeout {
  const look = async (): Promise<void> => {
    try {
      await championVersions(db);
      health.set('database', { healthy: true, ready: true, detail: 'it answers' });
    } catch (error) {
      health.set('database', { healthy: true, ready: false, detail: messageOf(error) });
    }
  };
  void look();
  return setInterval(() => void look(), LOOK_MS).unref();
}
