import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { once } from 'node:events';

import { messageOf } from '@flowline/events';

/** State of one part of a process. */
export interface HealthCheck {
  /**
   * False if the part cannot do its work and needs attention. A restart may not help: see /livez.
   */
  readonly healthy: boolean;
  /**
   * False if the part is not working for a reason that may pass (starting, waiting for a model,
   * database away).
   */
  readonly ready: boolean;
  /** One sentence for people. */
  readonly detail: string;
}

/** State of every part of a process, as its health endpoints report it. */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();

  /** Replaces the state of one part. */
  set(part: string, check: HealthCheck): void {
    this.#checks.set(part, check);
  }

  /** Removes a part. */
  delete(part: string): void {
    this.#checks.delete(part);
  }

  /** True if every part is healthy. */
  get healthy(): boolean {
    return [...this.#checks.values()].every((check) => check.healthy);
  }

  /** True if there is at least one part and every part is healthy and ready. */
  get ready(): boolean {
    return this.#checks.size > 0 && [...this.#checks.values()].every((check) => check.healthy && check.ready);
  }

  /** State of every part, by name. */
  report(): Readonly<Record<string, HealthCheck>> {
    return Object.fromEntries(this.#checks);
  }
}

export interface HealthServerOptions {
  /** TCP port; 0 picks a free one. */
  readonly port: number;
  /** Interface to listen on: 127.0.0.1, or 0.0.0.0 for probes from outside a container. */
  readonly host: string;
  readonly health: Health;
  readonly metrics: { expose(): Promise<{ readonly contentType: string; readonly body: string }> };
}

/** Running health endpoint. */
export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves /livez (200 as long as the process responds, for restart decisions), /healthz and /readyz
 * (200 or 503, with every part) and /metrics. Rejects if the port is taken.
 */
export async function startHealthServer({ port, host, health, metrics }: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request, response, health, metrics).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(messageOf(error));
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { port: portOf(server), close: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  health: Health,
  metrics: HealthServerOptions['metrics'],
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  const json = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (path === '/livez') {
    json(200, { ok: true });
  } else if (path === '/healthz') {
    json(health.healthy ? 200 : 503, { ok: health.healthy, parts: health.report() });
  } else if (path === '/readyz') {
    json(health.ready ? 200 : 503, { ok: health.ready, parts: health.report() });
  } else if (path === '/metrics') {
    const { contentType, body } = await metrics.expose();
    response.writeHead(200, { 'content-type': contentType });
    response.end(body);
  } else {
    json(404, { error: `nothing at ${path ?? '/'}: /livez, /healthz, /readyz, /metrics` });
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
